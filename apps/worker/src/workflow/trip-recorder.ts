import type { StepCall } from "@fanfare/saga";
import { workflowInfo } from "@temporalio/workflow";
import type { BroadcastState, Cancellation, RegistryChange } from "../trip-activities.ts";
import { type TripCalls, withoutEnd } from "./trip-calls.ts";

/**
 * Records in the registry what happens to a trip beside its steps, and numbers all changes of the
 * registry. Every record is retried without end.
 */
export interface TripRecorder {
  /** Returns the next change, for a step that changes the registry. */
  nextChange(step: string): RegistryChange;
  /** Returns the next change, for a call that is made several times: its version is part of its step. */
  nextRecord(name: string): RegistryChange;
  /** Numbers the next changes above this one, and above those that the registry may still receive. */
  continueAfter(latestVersion: number): void;
  recordCompensating(cancellation: Cancellation): Promise<void>;
  /** Records the compensation, and fails when the drive has begun and the trip was not cancelled in time. */
  recordCompensatingUnlessDriving(cancellation: Cancellation): Promise<void>;
  recordParked(parkedStep: string, reason: string): Promise<void>;
  recordResumed(): Promise<void>;
  /** Records the delayed step. The empty string records that none is delayed. */
  recordDelay(delayedStep: string): Promise<void>;
  /** Creates the call that records the state of the broadcast. */
  recordBroadcast(broadcast: BroadcastState): StepCall<void>;
}

/** Options of `createTripRecorder`. */
export interface TripRecorderOptions {
  readonly tripId: string;
  readonly calls: TripCalls;
  /** Default: 0. */
  readonly versionFloor?: number | undefined;
  /** Lists the steps and compensations that operators have resolved so far. */
  readonly listResolved: () => readonly string[];
}

/** More than the number of changes that one run makes. */
const changesPerRun = 1_000_000;

/** Creates a recorder. Its first change has the version after `versionFloor`. */
export function createTripRecorder({
  tripId,
  calls,
  versionFloor = 0,
  listResolved,
}: TripRecorderOptions): TripRecorder {
  const { originalExecutionRunId: firstRunId } = workflowInfo();
  let version = versionFloor;
  const nextChange = (step: string) => ({ step, tripId, firstRunId, version: ++version });
  /** The version makes the idempotency key unique. */
  const nextRecord = (name: string) => nextChange(`${name}-${version + 1}`);
  const nextRecording = (name: string) => {
    const record = nextRecord(name);
    return { record, activities: calls.activities(record.step, withoutEnd) };
  };

  return {
    nextChange,
    nextRecord,
    continueAfter(latestVersion) {
      const floor = (Math.floor(latestVersion / changesPerRun) + 1) * changesPerRun;
      version = Math.max(version, floor);
    },
    recordCompensating(cancellation) {
      const { record, activities } = nextRecording("compensate");
      const resolvedSteps = listResolved();
      return activities.compensateTrip({ ...record, ...cancellation, resolvedSteps });
    },
    recordCompensatingUnlessDriving(cancellation) {
      const { record, activities } = nextRecording("compensate");
      const change = { ...record, ...cancellation, resolvedSteps: listResolved() };
      return activities.compensateTrip({ ...change, unlessDriving: true });
    },
    recordParked(parkedStep, reason) {
      const { record, activities } = nextRecording("park");
      const resolvedSteps = listResolved();
      return activities.parkTrip({ ...record, parkedStep, reason, resolvedSteps });
    },
    recordResumed() {
      const { record, activities } = nextRecording("resume");
      return activities.resumeTrip({ ...record, resolvedSteps: listResolved() });
    },
    recordDelay(delayedStep) {
      const { record, activities } = nextRecording("delay");
      return activities.recordDelay({ ...record, delayedStep });
    },
    recordBroadcast(broadcast) {
      const record = nextRecord("broadcast");
      return calls.create(record.step, { tries: "local-first", retry: withoutEnd }, (activities) =>
        activities.recordBroadcast({ ...record, broadcast }),
      );
    },
  };
}

import type { StepCall } from "@fanfare/saga";
import type { BroadcastState, RegistryChange } from "../trip-activities.ts";
import { type TripCalls, withoutEnd } from "./trip-calls.ts";

/**
 * Records in the registry what happens to a trip beside its steps, and numbers all changes of the
 * registry. Every record is retried without end.
 */
export interface TripRecorder {
  /** Returns the next change, for a step that changes the registry. */
  nextChange(step: string): RegistryChange;
  recordCompensating(reason: string): Promise<void>;
  /** Records the compensation, and fails when the end of the drive is fixed or was requested. */
  recordCompensatingUnlessEnded(reason: string): Promise<void>;
  recordParked(parkedStep: string, reason: string): Promise<void>;
  recordResumed(): Promise<void>;
  /** Records the delayed step. The empty string records that none is delayed. */
  recordDelay(delayedStep: string): Promise<void>;
  /** Creates the call that records the state of the broadcast. */
  recordBroadcast(broadcast: BroadcastState): StepCall<void>;
}

/** Creates a recorder. Its first change has the version after `versionFloor`. */
export function createTripRecorder(
  tripId: string,
  calls: TripCalls,
  versionFloor = 0,
): TripRecorder {
  let version = versionFloor;
  const nextChange = (step: string) => ({ step, tripId, version: ++version });
  /** A record can be made several times: the version makes its idempotency key unique. */
  const nextRecord = (name: string) => {
    const record = nextChange(`${name}-${version + 1}`);
    return { record, activities: calls.activities(record.step, withoutEnd) };
  };

  return {
    nextChange,
    recordCompensating(reason) {
      const { record, activities } = nextRecord("compensate");
      return activities.compensateTrip({ ...record, reason });
    },
    recordCompensatingUnlessEnded(reason) {
      const { record, activities } = nextRecord("compensate");
      return activities.compensateTrip({ ...record, reason, unlessEndRequested: true });
    },
    recordParked(parkedStep, reason) {
      const { record, activities } = nextRecord("park");
      return activities.parkTrip({ ...record, parkedStep, reason });
    },
    recordResumed() {
      const { record, activities } = nextRecord("resume");
      return activities.resumeTrip(record);
    },
    recordDelay(delayedStep) {
      const { record, activities } = nextRecord("delay");
      return activities.recordDelay({ ...record, delayedStep });
    },
    recordBroadcast(broadcast) {
      const { record } = nextRecord("broadcast");
      return calls.create(record.step, { tries: "local-first", retry: withoutEnd }, (activities) =>
        activities.recordBroadcast({ ...record, broadcast }),
      );
    },
  };
}

import { setTimeout as delay } from "node:timers/promises";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  TripStep_State as State,
  type TripStep,
} from "@fanfare/contracts/operators/v1/trip_operations";
import type { OperatorTrip } from "@fanfare/contracts/trips/v1/operator_trip";
import type { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import type { OperationsClient } from "../trip/trips-client.ts";
import { watchTrip } from "../trip/watch-trip.ts";

/** A change of a trip: a new status, a finished step or a compensated step. */
export type TripChange =
  | { readonly kind: "status"; readonly status: TripStatus }
  | { readonly kind: "step"; readonly step: TripStep }
  | { readonly kind: "compensate"; readonly step: TripStep };

/** A trip that is over, with its steps. */
export interface FollowedTrip {
  readonly trip: OperatorTrip;
  /** In the order of their starts. */
  readonly steps: readonly TripStep[];
}

/** Options of {@link followTrip}. */
export interface FollowOptions {
  readonly tripId: string;
  readonly onChange: (change: TripChange) => void;
  readonly signal: AbortSignal;
}

/** Each poll queries the workflow, which slows the workflow down. */
const pollIntervalMs = 150;

/**
 * Reports each change of a trip: its status from the stream of WatchTrip, its steps by polling
 * GetTripProgress. May be called before the trip starts. Resolves when the stream ends, which is after
 * the trip is over and broadcast. Rejects when the signal aborts.
 */
export async function followTrip(
  client: OperationsClient,
  { tripId, onChange, signal }: FollowOptions,
): Promise<FollowedTrip> {
  const report = createReporter(onChange);
  let steps: readonly TripStep[] = [];
  let last: OperatorTrip | undefined;
  const poll = async (): Promise<void> => {
    const progress = await client.getTripProgress({ tripId }, { signal }).catch(() => undefined);
    steps = progress?.steps ?? steps;
    report.steps(steps);
  };
  const over = new AbortController();
  const polling = pollUntil(poll, AbortSignal.any([signal, over.signal]));
  try {
    for await (const trip of watch(client, tripId, signal)) {
      // Reports the steps before the status that follows from them, when the poll answers soon.
      await Promise.race([poll(), delay(150)]);
      report.status(trip.status);
      last = trip;
    }
  } finally {
    over.abort();
    await polling;
  }
  await poll();
  if (last === undefined) throw new Error(`WatchTrip ended without showing trip ${tripId}`);
  return { trip: last, steps };
}

/** Waits until the trip exists, and yields it after each change. */
async function* watch(
  client: OperationsClient,
  tripId: string,
  signal: AbortSignal,
): AsyncGenerator<OperatorTrip> {
  for (;;) {
    try {
      yield* watchTrip(client, tripId, { signal });
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (ConnectError.from(error).code !== Code.NotFound) throw error;
      await delay(pollIntervalMs, undefined, { signal });
    }
  }
}

async function pollUntil(poll: () => Promise<void>, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await poll();
    await delay(pollIntervalMs, undefined, { signal: over }).catch(() => undefined);
  }
}

function createReporter(onChange: (change: TripChange) => void) {
  const reported = new Set<string>();
  const once = (key: string, change: TripChange): void => {
    if (reported.has(key)) return;
    reported.add(key);
    onChange(change);
  };
  return {
    steps(steps: readonly TripStep[]): void {
      for (const step of steps) {
        if (step.state !== State.RUNNING) once(`step ${step.name}`, { kind: "step", step });
      }
      for (const step of listCompensated(steps))
        once(`compensate ${step.name}`, { kind: "compensate", step });
    },
    status(status: TripStatus): void {
      once(`status ${status}`, { kind: "status", status });
    },
  };
}

/** Returns the compensated steps in the order of their compensations. */
export function listCompensated(steps: readonly TripStep[]): TripStep[] {
  return steps
    .filter((step) => step.state === State.COMPENSATED)
    .toSorted(
      (a, b) => readCompensatedAt(a) - readCompensatedAt(b) || steps.indexOf(b) - steps.indexOf(a),
    );
}

function readCompensatedAt(step: TripStep): number {
  return step.compensatedAt ? timestampMs(step.compensatedAt) : 0;
}

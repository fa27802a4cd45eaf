import { setTimeout as delay } from "node:timers/promises";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  TripStep_State as State,
  type Trip,
  type TripStatus,
  type TripStep,
} from "@fanfare/contracts/trips/v1/trips";
import type { TripsClient } from "../trips-client.ts";

/** TripChange is something that has happened to a trip. */
export type TripChange =
  | { readonly kind: "status"; readonly status: TripStatus }
  | { readonly kind: "step"; readonly step: TripStep }
  | { readonly kind: "compensate"; readonly step: TripStep };

export interface FollowedTrip {
  readonly trip: Trip;
  /** In the order in which they began. */
  readonly steps: readonly TripStep[];
}

export interface FollowOptions {
  readonly tripId: string;
  readonly onChange: (change: TripChange) => void;
  readonly signal: AbortSignal;
}

/** Each look is a query of the workflow, which slows down what it looks at. */
const pollIntervalMs = 150;

/**
 * followTrip tells each change of a trip as it happens: its status as WatchTrip sends it, its steps
 * as GetTripProgress has them, asked time and again. It may begin before the trip does, and gives the
 * trip once it is over and its broadcast is out. Rejects when the signal aborts.
 */
export async function followTrip(
  client: TripsClient,
  { tripId, onChange, signal }: FollowOptions,
): Promise<FollowedTrip> {
  const tell = createReporter(onChange);
  let steps: readonly TripStep[] = [];
  let last: Trip | undefined;
  const look = async (): Promise<void> => {
    const progress = await client.getTripProgress({ tripId }, { signal }).catch(() => undefined);
    steps = progress?.steps ?? steps;
    tell.steps(steps);
  };
  const over = new AbortController();
  const looking = pollUntil(look, AbortSignal.any([signal, over.signal]));
  try {
    for await (const trip of watch(client, tripId, signal)) {
      // first the steps that brought it there, if they are told soon
      await Promise.race([look(), delay(150)]);
      tell.status(trip.status);
      last = trip;
    }
  } finally {
    over.abort();
    await looking;
  }
  await look();
  if (last === undefined) throw new Error(`trip ${tripId} was not shown`);
  return { trip: last, steps };
}

/** watch waits for the trip to exist, and then gives it after each change. */
async function* watch(
  client: TripsClient,
  tripId: string,
  signal: AbortSignal,
): AsyncGenerator<Trip> {
  for (;;) {
    try {
      for await (const { trip } of client.watchTrip({ tripId }, { signal, timeoutMs: 0 })) {
        if (trip !== undefined) yield trip;
      }
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (ConnectError.from(error).code !== Code.NotFound) throw error;
      await delay(pollIntervalMs, undefined, { signal });
    }
  }
}

async function pollUntil(look: () => Promise<void>, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await look();
    await delay(pollIntervalMs, undefined, { signal: over }).catch(() => undefined);
  }
}

function createReporter(onChange: (change: TripChange) => void) {
  const told = new Set<string>();
  const once = (key: string, change: TripChange): void => {
    if (told.has(key)) return;
    told.add(key);
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

/** compensated gives the steps that were compensated, in the order in which that happened. */
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

import type { Refusal } from "@fanfare/contracts/trips/v1/trips";
import type { TripInput } from "@fanfare/trip-contract";
import {
  accept,
  activate,
  cancel,
  compensate,
  completeDrive,
} from "../src/registry/transitions.ts";
import type { TripRegistry } from "../src/registry/trip-registry.ts";
import type { Reply, TripWorkflows, WorkflowProgress } from "../src/temporal/trip-workflows.ts";

/** Workflows that record at once what the saga would record. */
export interface FakeWorkflows extends TripWorkflows {
  /** The inputs of all calls of `start` and `ensureStarted`. */
  readonly started: TripInput[];
  /** The number of calls of `end` and `cancel`. */
  calls: number;
  /** The refusal that compensates every trip that starts. */
  refusal: Pick<Refusal, "code" | "message"> | undefined;
  /** The reply of every call, which then does nothing. */
  override: Reply<never> | undefined;
  /** The outcome of `progress`. */
  currentProgress: WorkflowProgress;
  /** The names of the parked steps. */
  parked: string[];
}

/** The times of every drive. */
const startedAt = new Date("2026-05-01T10:00:00.000Z");
const endedAt = new Date("2026-05-01T10:04:30.000Z");

/** Creates workflows without Temporal and a worker. */
export function createFakeWorkflows(registry: TripRegistry): FakeWorkflows {
  async function compensateTrip(
    tripId: string,
    reason: string,
    refusal?: FakeWorkflows["refusal"],
  ) {
    await registry.record(tripId, compensate({ version: 10n, reason }));
    const trip = await registry.record(tripId, cancel(reason, refusal));
    return { status: "CANCELLED", reason: trip.reason ?? "" } as const;
  }

  function unpark(step?: string): Reply<readonly string[]> {
    if (fake.override !== undefined) return fake.override;
    const outcome = fake.parked.filter((parked) => step === undefined || parked === step);
    if (outcome.length === 0) return { kind: "refused", reason: "no step is parked" };
    fake.parked = fake.parked.filter((parked) => !outcome.includes(parked));
    return { kind: "answered", outcome };
  }

  const fake: FakeWorkflows = {
    started: [],
    calls: 0,
    refusal: undefined,
    override: undefined,
    currentProgress: { saga: { state: "forward", pivoted: false, steps: [] }, pending: [] },
    parked: [],

    async start(input) {
      fake.started.push(input);
      if (fake.override !== undefined) return fake.override;
      await registry.record(input.tripId, accept());
      if (fake.refusal !== undefined) {
        const outcome = await compensateTrip(input.tripId, fake.refusal.message, fake.refusal);
        return { kind: "answered", outcome };
      }
      await registry.record(input.tripId, activate(startedAt));
      return {
        kind: "answered",
        outcome: { status: "ACTIVE", startedAt: startedAt.toISOString() },
      };
    },

    async ensureStarted(input) {
      fake.started.push(input);
      return fake.override ?? { kind: "answered", outcome: "started" };
    },

    async end(tripId) {
      fake.calls += 1;
      if (fake.override !== undefined) return fake.override;
      const trip = await registry.record(tripId, completeDrive(endedAt));
      const fare = { minorUnits: Number(trip.fare), currency: trip.currency ?? "" };
      return { kind: "answered", outcome: { endedAt: endedAt.toISOString(), fare } };
    },

    async cancel(tripId, { reason }) {
      fake.calls += 1;
      return fake.override ?? { kind: "answered", outcome: await compensateTrip(tripId, reason) };
    },

    retry: async (_, { step }) => unpark(step),
    resolve: async (_, { step }) => unpark(step),

    async progress() {
      return fake.override ?? { kind: "answered", outcome: fake.currentProgress };
    },
  };
  return fake;
}

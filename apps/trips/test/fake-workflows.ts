import type { TripInput } from "@fanfare/trip-contract";
import type { Registry } from "../src/registry/store.ts";
import {
  accept,
  activate,
  cancel,
  compensate,
  completeDrive,
  type Refusal,
} from "../src/registry/transitions.ts";
import type { Reply, TripWorkflows, WorkflowProgress } from "../src/temporal/trip-workflows.ts";

/** FakeWorkflows do to the registry what the saga would, at once. */
export interface FakeWorkflows extends TripWorkflows {
  /** Whom `start` and `launch` were called for. */
  readonly started: TripInput[];
  /** How often `end` and `cancel` were asked. */
  asked: number;
  /** What compensates the next trips; undefined when nothing does. */
  refusal: Refusal | undefined;
  /** What is answered in the place of an outcome, nothing being done. */
  instead: Reply<never> | undefined;
  progressed: WorkflowProgress;
  /** The steps that wait for an operator. */
  parked: string[];
}

/** When every drive begins and ends. */
const startedAt = new Date("2026-05-01T10:00:00.000Z");
const endedAt = new Date("2026-05-01T10:04:30.000Z");

/** createFakeWorkflows stands in for Temporal and the worker. */
export function createFakeWorkflows(registry: Registry): FakeWorkflows {
  async function compensateTrip(tripId: string, reason: string, refusal?: Refusal) {
    await registry.record(tripId, compensate({ version: 10n, reason }));
    const trip = await registry.record(tripId, cancel(reason, refusal));
    return { status: "CANCELLED", reason: trip.reason ?? "" } as const;
  }

  function decided(step?: string): Reply<readonly string[]> {
    if (fake.instead !== undefined) return fake.instead;
    const outcome = fake.parked.filter((parked) => step === undefined || parked === step);
    if (outcome.length === 0) return { kind: "refused", reason: "nothing waits" };
    fake.parked = fake.parked.filter((parked) => !outcome.includes(parked));
    return { kind: "answered", outcome };
  }

  const fake: FakeWorkflows = {
    started: [],
    asked: 0,
    refusal: undefined,
    instead: undefined,
    progressed: { saga: { state: "forward", pivoted: false, steps: [] }, pending: [] },
    parked: [],

    async start(input) {
      fake.started.push(input);
      if (fake.instead !== undefined) return fake.instead;
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

    async launch(input) {
      fake.started.push(input);
      return fake.instead ?? { kind: "answered", outcome: "launched" };
    },

    async end(tripId) {
      fake.asked += 1;
      if (fake.instead !== undefined) return fake.instead;
      const trip = await registry.record(tripId, completeDrive(endedAt));
      const fare = { minorUnits: Number(trip.fare), currency: trip.currency ?? "" };
      return { kind: "answered", outcome: { endedAt: endedAt.toISOString(), fare } };
    },

    async cancel(tripId, { reason }) {
      fake.asked += 1;
      return fake.instead ?? { kind: "answered", outcome: await compensateTrip(tripId, reason) };
    },

    retry: async (_, { step }) => decided(step),
    resolve: async (_, { step }) => decided(step),

    async progress() {
      return fake.instead ?? { kind: "answered", outcome: fake.progressed };
    },
  };
  return fake;
}

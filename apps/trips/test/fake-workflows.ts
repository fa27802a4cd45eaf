import type { Refusal } from "@fanfare/contracts/trips/v1/trip_registry";
import type { EndArgument, TripInput } from "@fanfare/trip-contract";
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
  /** The arguments of all calls of `end`. */
  readonly ends: EndArgument[];
  /** The refusal that compensates every trip that starts. */
  refusal: Pick<Refusal, "code" | "message" | "step"> | undefined;
  /** The reply of every call, which then does nothing. */
  override: Reply<never> | undefined;
  /** The reply of `retry` and `resolve`, which then do nothing. */
  decisionReply: Reply<never> | undefined;
  /** The outcome of `progress`, without the parked steps. */
  currentProgress: WorkflowProgress;
  /** The names of the parked steps. */
  parked: string[];
  /** How long before StartTrip answers each drive began, in milliseconds. Within the grace at first. */
  drivenMs: number;
}

/** Creates workflows without Temporal and a worker. */
export function createFakeWorkflows(registry: TripRegistry): FakeWorkflows {
  const decided = new Map<string, readonly string[]>();

  async function compensateTrip(
    tripId: string,
    reason: string,
    refusal?: FakeWorkflows["refusal"],
  ) {
    await registry.record(tripId, compensate({ version: 10n, reason }));
    const trip = await registry.record(tripId, cancel(reason, refusal));
    return { status: "CANCELLED", reason: trip.reason ?? "" } as const;
  }

  function unpark({ step }: { step?: string }, decisionId: string): Reply<readonly string[]> {
    const known = decided.get(decisionId);
    if (known !== undefined) return { kind: "answered", outcome: known };
    if (fake.decisionReply !== undefined) return fake.decisionReply;
    const outcome = fake.parked.filter((parked) => step === undefined || parked === step);
    if (outcome.length === 0) return { kind: "refused", reason: "no step is parked" };
    fake.parked = fake.parked.filter((parked) => !outcome.includes(parked));
    decided.set(decisionId, outcome);
    return { kind: "answered", outcome };
  }

  const fake: FakeWorkflows = {
    started: [],
    ends: [],
    calls: 0,
    refusal: undefined,
    override: undefined,
    decisionReply: undefined,
    currentProgress: { saga: { state: "forward", pivoted: false, steps: [] }, pending: [] },
    parked: [],
    drivenMs: 90_000,

    async start(input) {
      fake.started.push(input);
      if (fake.override !== undefined) return fake.override;
      await registry.record(input.tripId, accept());
      if (fake.refusal !== undefined) {
        const outcome = await compensateTrip(input.tripId, fake.refusal.message, fake.refusal);
        return { kind: "answered", outcome };
      }
      const { started_at } = await registry.record(input.tripId, (trip, now) =>
        activate()(trip, new Date(now.getTime() - fake.drivenMs)),
      );
      const startedAt = started_at?.toISOString() ?? "";
      return { kind: "answered", outcome: { status: "ACTIVE", startedAt } };
    },

    async ensureStarted(input) {
      fake.started.push(input);
      return fake.override ?? { kind: "answered", outcome: "started" };
    },

    async end(tripId, argument) {
      fake.ends.push(argument);
      fake.calls += 1;
      if (fake.override !== undefined) return fake.override;
      const trip = await registry.record(tripId, completeDrive(new Date()));
      const fare = { minorUnits: Number(trip.fare), currency: trip.currency ?? "" };
      const endedAt = trip.ended_at?.toISOString() ?? "";
      return { kind: "answered", outcome: { endedAt, fare } };
    },

    async cancel(tripId, { reason }) {
      fake.calls += 1;
      return fake.override ?? { kind: "answered", outcome: await compensateTrip(tripId, reason) };
    },

    retry: async (_, argument, { decisionId }) => unpark(argument, decisionId),
    resolve: async (_, argument, { decisionId }) => unpark(argument, decisionId),

    async progress() {
      const { saga, pending } = fake.currentProgress;
      const startedAt = new Date().toISOString();
      const parked = fake.parked.map((name) => ({ name, state: "parked", startedAt }) as const);
      const outcome = { saga: { ...saga, steps: [...saga.steps, ...parked] }, pending };
      return fake.override ?? { kind: "answered", outcome };
    },
  };
  return fake;
}

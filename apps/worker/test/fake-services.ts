import { type Amount, calculateFare } from "@fanfare/trip-contract";
import { Context } from "@temporalio/activity";
import { ApplicationFailure } from "@temporalio/common";
import type { Activities, BroadcastState, CompletedTrip, TripCall } from "../src/activity-types.ts";

/** Behaviour runs before or after a call has its effect, at the n-th time that it is made (from 1). */
export type Behaviour = (attempt: number) => Promise<void> | void;

/**
 * Script says what else a call does: by activity, by `activity step`, or by activity id, which is the
 * step or, for its compensation, `<step>:compensate`.
 */
export type Script = Readonly<Record<string, { before?: Behaviour; after?: Behaviour }>>;

/** FakeTrip is what the fake services hold for one trip. */
export interface FakeTrip {
  /** The registry's statuses, in the order in which they came. */
  readonly statuses: string[];
  readonly versions: number[];
  readonly delays: string[];
  /** Delays are recorded beside everything else, and numbered apart. */
  delayVersion: number;
  readonly broadcasts: BroadcastState[];
  readonly published: CompletedTrip[];
  /** Every attempt: the activity and its step. */
  readonly calls: string[];
  /** How many attempts are under way. */
  running: number;
  /** Steps that were compensated: a late copy is refused. */
  readonly tombstones: Set<string>;
  readonly charges: Map<string, Amount>;
  startedAt?: string;
  refusal?: { code: string; message: string; step: string };
  reason?: string;
  vehicle?: string;
  tab?: { limit: Amount; state: "open" | "void" | "captured" };
}

/** FakeServices stand for fleet, billing, registry and broker, in memory, one trip apart from the next. */
export interface FakeServices {
  readonly activities: Activities;
  script(tripId: string, script: Script): void;
  trip(tripId: string): FakeTrip;
}

export function createFakeServices(): FakeServices {
  const trips = new Map<string, FakeTrip>();
  const scripts = new Map<string, Script>();

  function trip(tripId: string): FakeTrip {
    const known = trips.get(tripId);
    if (known !== undefined) return known;
    const fresh: FakeTrip = {
      statuses: [],
      versions: [],
      delays: [],
      delayVersion: 0,
      broadcasts: [],
      published: [],
      calls: [],
      running: 0,
      tombstones: new Set(),
      charges: new Map(),
    };
    trips.set(tripId, fresh);
    return fresh;
  }

  async function act<T>(
    { tripId, step }: Pick<TripCall, "tripId" | "step">,
    effect: (fake: FakeTrip) => T,
  ): Promise<T> {
    const { info, cancelled } = Context.current();
    const { activityType } = info;
    // A local activity has an id that Temporal chose; none of them is a compensation.
    const activityId = info.isLocal ? step : info.activityId;
    const fake = trip(tripId);
    const script = scripts.get(tripId) ?? {};
    const call = `${activityType} ${step}`;
    const { before, after } = script[call] ?? script[activityType] ?? script[activityId] ?? {};
    fake.calls.push(call);
    const attempt = fake.calls.filter((made) => made === call).length;
    fake.running += 1;
    try {
      await Promise.race([before?.(attempt), cancelled]);
      const result = effect(fake);
      await Promise.race([after?.(attempt), cancelled]);
      return result;
    } finally {
      fake.running -= 1;
    }
  }

  const step = (call: TripCall, effect: (fake: FakeTrip) => void) =>
    act(call, (fake) => {
      if (fake.tombstones.has(call.step)) refuseNow(`${call.step} was compensated`);
      effect(fake);
    });
  const compensate = (call: TripCall, effect: (fake: FakeTrip) => void) =>
    act(call, (fake) => {
      fake.tombstones.add(call.step);
      effect(fake);
    });
  const record = (call: TripCall & { version: number }, effect: (fake: FakeTrip) => void) =>
    act(call, (fake) => {
      if (call.version <= (fake.versions.at(-1) ?? 0)) return;
      fake.versions.push(call.version);
      effect(fake);
    });

  return {
    script: (tripId, script) => void scripts.set(tripId, script),
    trip,
    activities: {
      reserveVehicle: (call) => step(call, (fake) => void (fake.vehicle = call.vehicleId)),
      releaseVehicle: (call) => compensate(call, (fake) => void delete fake.vehicle),
      openTab: (call) =>
        step(call, (fake) => void (fake.tab = { limit: call.limit, state: "open" })),
      voidTab: (call) => compensate(call, (fake) => fake.tab && void (fake.tab.state = "void")),
      charge: (call) => step(call, (fake) => void fake.charges.set(call.step, call.amount)),
      refund: (call) => compensate(call, (fake) => void fake.charges.delete(call.step)),
      captureTab: (call) =>
        act(call, (fake) => {
          if (fake.tab) fake.tab.state = "captured";
          return { minorUnits: total(fake), currency: "EUR" };
        }),
      acceptTrip: (call) => record(call, (fake) => void fake.statuses.push("PENDING")),
      activateTrip: (call) =>
        record(call, (fake) => {
          fake.startedAt = call.startedAt;
          fake.statuses.push("ACTIVE");
        }).then(() => ({ startedAt: trip(call.tripId).startedAt ?? "" })),
      completeDrive: (call) =>
        act(call, (fake) => {
          fake.versions.push(call.version);
          fake.statuses.push("ENDED");
          const driveMs = Date.parse(call.endedAt) - Date.parse(fake.startedAt ?? call.endedAt);
          return { endedAt: call.endedAt, fare: calculateFare(driveMs) };
        }),
      settleTrip: (call) => record(call, (fake) => void fake.statuses.push("SETTLED")),
      compensateTrip: (call) => record(call, (fake) => void fake.statuses.push("COMPENSATING")),
      cancelTripRecord: (call) =>
        record(call, (fake) => {
          fake.reason = call.reason;
          if (call.refusal) fake.refusal = call.refusal;
          fake.statuses.push("CANCELLED");
        }),
      parkTrip: (call) =>
        record(call, (fake) => {
          fake.reason = `${call.parkedStep}: ${call.reason}`;
          fake.statuses.push("NEEDS_ATTENTION");
        }),
      resumeTrip: (call) => record(call, (fake) => void fake.statuses.push("ENDED")),
      recordDelay: (call) =>
        act(call, (fake) => {
          if (call.version <= fake.delayVersion) return;
          fake.delayVersion = call.version;
          fake.delays.push(call.delayedStep);
        }),
      recordBroadcast: (call) => record(call, (fake) => void fake.broadcasts.push(call.broadcast)),
      publishTripCompleted: (call) =>
        act({ tripId: call.tripId, step: "publish" }, (fake) => {
          // The broker stores an event once, by its id.
          if (fake.published.length === 0) fake.published.push(call);
        }),
    },
  };
}

/** total is what a trip was charged, less what was refunded, in minor units. */
export function total({ charges }: FakeTrip): number {
  return [...charges.values()].reduce((sum, { minorUnits }) => sum + minorUnits, 0);
}

/** refuse says no, for good. */
export function refuse(message: string, code = "failed_precondition"): Behaviour {
  return () => refuseNow(message, code);
}

/** failTimes fails that often, in a way that can be retried. */
export function failTimes(times: number, message = "unreachable"): Behaviour {
  return (attempt) => {
    if (attempt <= times) throw ApplicationFailure.retryable(message, "unavailable");
  };
}

function refuseNow(message: string, code = "failed_precondition"): never {
  throw ApplicationFailure.nonRetryable(message, code);
}

/** Gate holds calls until it is opened. */
export interface Gate {
  readonly pass: Behaviour;
  readonly reached: Promise<void>;
  open(): void;
}

export function createGate(): Gate {
  const opened = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  return {
    pass: () => {
      reached.resolve();
      return opened.promise;
    },
    reached: reached.promise,
    open: opened.resolve,
  };
}

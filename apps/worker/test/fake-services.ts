import { Context } from "@temporalio/activity";
import { ApplicationFailure } from "@temporalio/common";
import type { GraceDecision, TripActivities, TripCall } from "../src/trip-activities.ts";
import { toFakeRecord } from "./fake-record.ts";
import type { FakeTrip } from "./fake-trip.ts";

/** Runs before or after the effect of a call. Attempts count from 1. */
export type Behaviour = (attempt: number) => Promise<void> | void;

/**
 * The behaviours of calls, by activity, by `activity step`, or by activity id: the step or
 * `<step>:compensate`.
 */
export type Script = Readonly<Record<string, { before?: Behaviour; after?: Behaviour }>>;

/** Fleet, billing, the registry and the broker in memory. Trips do not affect each other. */
export interface FakeServices {
  readonly activities: TripActivities;
  script(tripId: string, script: Script): void;
  trip(tripId: string): FakeTrip;
}

/** Creates services without trips. */
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
      resolvedSteps: [],
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
    // Temporal chooses the id of a local activity. Compensations are never local.
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
      effect(fake);
      fake.versions.push(call.version);
    });

  return {
    script: (tripId, script) => void scripts.set(tripId, script),
    trip,
    activities: {
      reserveVehicle: (call) => step(call, (fake) => void (fake.vehicle = call.vehicleId)),
      releaseVehicle: (call) => compensate(call, (fake) => void delete fake.vehicle),
      returnVehicle: (call) => compensate(call, (fake) => void delete fake.vehicle),
      openTab: (call) =>
        step(call, (fake) => void (fake.tab = { limit: call.limit, state: "open" })),
      voidTab: (call) => compensate(call, (fake) => fake.tab && void (fake.tab.state = "void")),
      charge: (call) => step(call, (fake) => void fake.charges.set(call.step, call.amount)),
      refund: (call) => compensate(call, (fake) => void fake.charges.delete(call.step)),
      captureTab: (call) =>
        act(call, (fake) => {
          if (fake.tab) fake.tab.state = "captured";
          return { minorUnits: sumCharges(fake), currency: "EUR" };
        }),
      releaseTab: (call) =>
        act(call, (fake) => {
          if (fake.tab?.state === "captured") {
            return { captured: { minorUnits: sumCharges(fake), currency: "EUR" } };
          }
          if (fake.tab) fake.tab.state = "void";
          return {};
        }),
      readTripRecord: (call) => act(call, toFakeRecord),
      acceptTrip: (call) => record(call, (fake) => void fake.statuses.push("PENDING")),
      activateTrip: (call) =>
        record(call, (fake) => {
          fake.startedAt ??= new Date().toISOString();
          fake.statuses.push("ACTIVE");
        }).then(() => ({ startedAt: trip(call.tripId).startedAt ?? "" })),
      endGrace: (call) =>
        act(call, (fake): GraceDecision => {
          if (fake.cancelRequested) return { kind: "cancelled", reason: "changed my mind" };
          const remainingMs = fake.graceLeftMs?.shift();
          if (remainingMs !== undefined) return { kind: "left", remainingMs };
          fake.graceOver = true;
          return { kind: "over" };
        }),
      stopTrip: (call) =>
        act(call, (fake) => {
          if (fake.graceOver) fake.endRequestedAt ??= new Date().toISOString();
          const { endRequestedAt } = fake;
          if (endRequestedAt !== undefined) return { cancelled: false, endRequestedAt };
          fake.cancelRequested = true;
          return { cancelled: true };
        }),
      limitDrive: (call) =>
        act(call, (fake) => {
          fake.endRequestedAt ??= call.endedAt;
          return { endRequestedAt: fake.endRequestedAt };
        }),
      completeDrive: (call) =>
        act(call, (fake) => {
          fake.versions.push(call.version);
          fake.statuses.push("ENDED");
          const driveMs = Date.parse(call.endedAt) - Date.parse(fake.startedAt ?? call.endedAt);
          const fare = {
            minorUnits: Math.ceil(Math.max(0, driveMs) / 60_000) * 30,
            currency: "EUR",
          };
          return { endedAt: call.endedAt, fare };
        }),
      settleTrip: (call) =>
        record(call, (fake) => {
          fake.settled = call.settled;
          fake.statuses.push("SETTLED");
        }),
      compensateTrip: (call) =>
        record(call, (fake) => {
          const driving = fake.startedAt && !fake.cancelRequested && !fake.compensation;
          if (call.unlessDriving && driving) refuseNow("its drive has begun");
          fake.compensation ??= {
            reason: call.reason,
            ...(call.refusal && { refusal: call.refusal }),
          };
          fake.resolvedSteps = call.resolvedSteps;
          fake.statuses.push("COMPENSATING");
        }),
      cancelTripRecord: (call) =>
        record(call, (fake) => {
          fake.compensation ??= {
            reason: call.reason,
            ...(call.refusal && { refusal: call.refusal }),
          };
          fake.reason = call.reason;
          if (call.refusal) fake.refusal = call.refusal;
          fake.statuses.push("CANCELLED");
        }),
      parkTrip: (call) =>
        record(call, (fake) => {
          fake.reason = `${call.parkedStep}: ${call.reason}`;
          fake.resolvedSteps = call.resolvedSteps;
          fake.statuses.push("NEEDS_ATTENTION");
        }),
      resumeTrip: (call) =>
        record(call, (fake) => {
          fake.resolvedSteps = call.resolvedSteps;
          fake.statuses.push("ENDED");
        }),
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

/** Adds up the charges of a trip that were not refunded, in minor units. */
export function sumCharges({ charges }: FakeTrip): number {
  return [...charges.values()].reduce((sum, { minorUnits }) => sum + minorUnits, 0);
}

/** Refuses a call with a non-retryable failure. */
export function refuse(message: string, code = "failed_precondition"): Behaviour {
  return () => refuseNow(message, code);
}

/** Fails the first attempts with a retryable failure. */
export function failTimes(times: number, message = "unreachable"): Behaviour {
  return (attempt) => {
    if (attempt <= times) throw ApplicationFailure.retryable(message, "unavailable");
  };
}

function refuseNow(message: string, code = "failed_precondition"): never {
  throw ApplicationFailure.nonRetryable(message, code);
}

/** Holds calls until it is opened. */
export interface Gate {
  readonly pass: Behaviour;
  readonly reached: Promise<void>;
  open(): void;
}

/** Creates a closed gate. */
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

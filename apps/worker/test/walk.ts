import { waitUntil } from "@fanfare/dev-stack";
import type { TripAccount } from "@fanfare/test-fixtures";
import { compensationSuffix, steps } from "@fanfare/trip-contract";
import * as fc from "fast-check";
import {
  type Fault,
  losePublishResult,
  loseReply,
  loseRequest,
  refuseCall,
  sendTwice,
} from "./faults.ts";
import { addVehicle, beginTrip, type RealTrip } from "./real-trip.ts";
import type { ServiceLab } from "./service-lab.ts";
import type { Interval, TariffHistory } from "./tariff-history.ts";
import { arbitraryRefunds, type WalkRefunds } from "./walk-refunds.ts";
import { arbitraryTariff, putInForce, type WalkTariff } from "./walk-tariff.ts";

/** Some trips that start at the same time, with their faults and the actions of people. */
export type Walk = readonly WalkingTrip[];

interface WalkingTrip {
  /** The tariff that is put in force before it starts. Another trip may start under it, too. */
  readonly tariff: WalkTariff;
  /** How long the rider drives before the end is requested, in milliseconds. */
  readonly driveMs: number;
  readonly paymentMethod: string;
  /** Whether it reserves the vehicle that other trips reserve too. */
  readonly shares: boolean;
  /** The faults of its calls, by activity id. */
  readonly faults: readonly (readonly [activityId: string, fault: string])[];
  /** What a person does when a call is made for the first time. */
  readonly acts: readonly { readonly act: Act; readonly at: string }[];
  readonly auditFails: boolean;
  /** What operators refund after its end. */
  readonly refunds: WalkRefunds;
}

const actions = ["cancel", "cancel-in-temporal", "terminate", "restart-worker", "end"] as const;
type Act = (typeof actions)[number];

const calls: readonly string[] = Object.values(steps);
const compensations = calls
  .slice(0, calls.indexOf(steps.drive))
  .map((step) => `${step}${compensationSuffix}`);
const places = [...calls.filter((step) => step !== steps.publish), ...compensations];

const faults: Readonly<Record<string, Fault>> = {
  "loses the reply": loseReply(2),
  "loses the request": loseRequest(1),
  "is unavailable": loseRequest(4),
  "is sent twice": sendTwice,
  "is refused": refuseCall(1),
  "loses the publish result": losePublishResult(2),
};

const faultArbitrary = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.tuple(
      fc.constantFrom(...places),
      fc.constantFrom("loses the reply", "loses the request", "is unavailable", "is sent twice"),
    ),
  },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom(...places), fc.constant("is refused")) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constant("publish"), fc.constant("loses the publish result")),
  },
);

/** Generates walks, and shrinks those that fail. */
export const arbitraryWalk: fc.Arbitrary<Walk> = fc.array(
  fc.record({
    tariff: arbitraryTariff,
    refunds: arbitraryRefunds,
    driveMs: fc.constantFrom(0, 0, 0, 500, 1_200),
    paymentMethod: fc.oneof(
      { weight: 8, arbitrary: fc.constant("pm_card_visa") },
      { weight: 1, arbitrary: fc.constant("pm_card_chargeDeclined") },
      { weight: 1, arbitrary: fc.constant("pm_card_chargeCustomerFail") },
      { weight: 1, arbitrary: fc.constant("pm_card_refundFail") },
    ),
    shares: fc.boolean(),
    faults: fc.uniqueArray(faultArbitrary, {
      maxLength: 4,
      selector: ([activityId]) => activityId,
    }),
    acts: fc.array(
      fc.record({
        act: fc.constantFrom(...actions),
        at: fc.constantFrom(...calls, ...compensations),
      }),
      { maxLength: 2 },
    ),
    auditFails: fc.boolean(),
  }),
  { minLength: 1, maxLength: 4 },
);

/** A trip at the end of its walk. */
export interface WalkedTrip {
  readonly trip: RealTrip;
  readonly account: TripAccount;
  readonly paymentMethod: string;
  readonly refunds: WalkRefunds;
  /** The time in which it was requested, in milliseconds of the history of tariffs. */
  readonly requested: Interval;
  /** The time from the request to the end, in milliseconds. */
  readonly tookMs: number;
}

/**
 * Runs the trips of a walk to their ends. The rider ends a drive that is not ended otherwise, and an operator
 * retries parked steps, or resolves those that are always refused. Rejects when a trip does not end.
 */
export async function runWalk(
  lab: ServiceLab,
  trips: Walk,
  history: TariffHistory,
): Promise<readonly WalkedTrip[]> {
  const shared = await addVehicle(lab.books);
  return await Promise.all(
    trips.map(async (walking) => {
      const began = performance.now();
      await putInForce(lab, walking.tariff, history);
      const from = performance.now();
      const trip = await begin(lab, walking, shared);
      const refusal = await trip.started;
      const requested = { from, to: performance.now() };
      const { status } = await trip.readAccount();
      if (status === "unknown") throw new Error(`StartTrip recorded no trip: ${refusal}`);
      const { paymentMethod, refunds } = walking;
      const declines = paymentMethod === "pm_card_chargeCustomerFail";
      const account = await finishTrip(lab, trip, { declines, driveMs: walking.driveMs });
      const tookMs = performance.now() - began;
      return { trip, account, paymentMethod, refunds, requested, tookMs };
    }),
  );
}

async function begin(
  lab: ServiceLab,
  { shares, paymentMethod, acts, auditFails, ...walking }: WalkingTrip,
  shared: string,
): Promise<RealTrip> {
  const tripId = crypto.randomUUID();
  const plan: Record<string, Fault> = {};
  for (const [activityId, fault] of walking.faults) plan[activityId] = faults[fault] ?? sendTwice;
  if (auditFails) lab.events.failAuditOnce(tripId);
  const trip = Promise.withResolvers<RealTrip>();
  for (const { act, at } of acts) {
    const planned = plan[at] ?? ((send) => send());
    const once = createOnce(async () => await perform(lab, act, await trip.promise));
    plan[at] = (send, attempt) => {
      once();
      return planned(send, attempt);
    };
  }
  trip.resolve(
    await beginTrip(lab, {
      tripId,
      faults: plan,
      paymentMethod,
      rider: `hasty-${tripId}`,
      ...(shares ? { vehicleId: shared } : {}),
    }),
  );
  return await trip.promise;
}

/** Creates a function that acts on its first call, in the background. Failures are ignored. */
function createOnce(act: () => Promise<unknown>): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    act().catch(() => undefined);
  };
}

async function perform(lab: ServiceLab, act: Act, trip: RealTrip): Promise<void> {
  const workflow = lab.workflow(trip.tripId);
  if (act === "cancel") await trip.cancel();
  else if (act === "end") await trip.end();
  else if (act === "cancel-in-temporal") await workflow.cancel();
  else if (act === "terminate") await workflow.terminate("a walk ends it");
  else await lab.restartWorker();
}

/** Does what riders and operators do until the trip has ended. Resolves with its account. */
async function finishTrip(
  lab: ServiceLab,
  trip: RealTrip,
  { declines, driveMs }: { readonly declines: boolean; readonly driveMs: number },
): Promise<TripAccount> {
  const { tripId } = trip;
  let seen: TripAccount | undefined;
  const over = async () => {
    seen = await trip.readAccount();
    if (isOver(seen)) return seen;
    const hasDriven = (await lab.books.readElapsed(tripId)) >= driveMs;
    if (seen.status === "ACTIVE" && hasDriven) trip.end().catch(() => undefined);
    const waits = seen.status === "NEEDS_ATTENTION" || seen.status === "SETTLED";
    if (waits) await decideAsOperator(lab, { tripId, declines }).catch(() => undefined);
    return undefined;
  };
  const wait = { what: `the end of trip ${tripId}`, timeoutMs: 90_000, intervalMs: 100 };
  return await waitUntil(over, wait).catch((error: unknown) => {
    throw new Error(`${String(error)}; its account: ${JSON.stringify(seen)}`, { cause: error });
  });
}

function isOver({ status, broadcast, vehicles }: TripAccount): boolean {
  if (vehicles.length > 0) return false;
  return status === "CANCELLED" || (status === "SETTLED" && broadcast === "PUBLISHED");
}

interface DecisionInput {
  readonly tripId: string;
  /** Whether the payment method declines every capture. */
  readonly declines: boolean;
}

/** Does what an operator does for a trip with parked steps. */
async function decideAsOperator(
  lab: ServiceLab,
  { tripId, declines }: DecisionInput,
): Promise<void> {
  lab.faults.plan(tripId, {});
  // The gateway declines such a capture every time.
  const { capture } = steps;
  const resolve = { tripId, step: capture, note: "written off" };
  if (declines) await lab.operator.resolveTrip(resolve).catch(() => undefined);
  await lab.operator.retryTrip({ tripId });
}

import { waitUntil } from "@fanfare/dev-stack";
import { compensationSuffix, steps } from "@fanfare/trip-contract";
import * as fc from "fast-check";
import type { Account } from "./books.ts";
import { type Fault, losing, losingRequest, refusing, twice, unheard } from "./faults.ts";
import { beginTrip, type RealTrip } from "./real-trip.ts";
import type { ServiceLab } from "./service-lab.ts";

/** Walk is some trips that begin at once, and what befalls them. */
export type Walk = readonly WalkingTrip[];

interface WalkingTrip {
  readonly paymentMethod: string;
  /** Whether it wants the vehicle that the others want. */
  readonly shares: boolean;
  /** What befalls its calls, by activity id. */
  readonly faults: readonly (readonly [activityId: string, fault: string])[];
  /** What somebody does when a call is made for the first time. */
  readonly acts: readonly { readonly act: Act; readonly at: string }[];
  readonly auditHasTrouble: boolean;
}

const actions = ["cancel", "cancel-in-temporal", "terminate", "restart-worker", "end"] as const;
type Act = (typeof actions)[number];

const calls: readonly string[] = Object.values(steps);
const compensations = calls
  .slice(0, calls.indexOf(steps.drive))
  .map((step) => `${step}${compensationSuffix}`);
const places = [...calls.filter((step) => step !== steps.publish), ...compensations];

const faults: Readonly<Record<string, Fault>> = {
  "loses the reply": losing(2),
  "loses the request": losingRequest(1),
  "is unavailable": losingRequest(4),
  "is sent twice": twice,
  "is refused": refusing(1),
  "loses the receipt": unheard(2),
};

const befalls = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.tuple(
      fc.constantFrom(...places),
      fc.constantFrom("loses the reply", "loses the request", "is unavailable", "is sent twice"),
    ),
  },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom(...places), fc.constant("is refused")) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("publish"), fc.constant("loses the receipt")) },
);

/** walks makes walks, and smaller ones of one that fails. */
export const walks: fc.Arbitrary<Walk> = fc.array(
  fc.record({
    paymentMethod: fc.oneof(
      { weight: 8, arbitrary: fc.constant("pm_card_visa") },
      { weight: 1, arbitrary: fc.constant("pm_card_chargeDeclined") },
      { weight: 1, arbitrary: fc.constant("pm_card_chargeCustomerFail") },
    ),
    shares: fc.boolean(),
    faults: fc.uniqueArray(befalls, { maxLength: 4, selector: ([activityId]) => activityId }),
    acts: fc.array(
      fc.record({
        act: fc.constantFrom(...actions),
        at: fc.constantFrom(...calls, ...compensations),
      }),
      { maxLength: 2 },
    ),
    auditHasTrouble: fc.boolean(),
  }),
  { minLength: 1, maxLength: 4 },
);

/** WalkedTrip is how a trip of a walk ended. */
export interface WalkedTrip {
  readonly trip: RealTrip;
  readonly account: Account;
  /** From the request to its end, in milliseconds, with all that befell it. */
  readonly tookMs: number;
}

/**
 * walk takes the trips of a walk to their ends: a rider ends a drive that nobody else ends, and an operator
 * retries what is parked, or resolves it when that does not help. Rejects when one does not come to its end.
 */
export async function walk(lab: ServiceLab, trips: Walk): Promise<readonly WalkedTrip[]> {
  const shared = await lab.books.addVehicle();
  return await Promise.all(
    trips.map(async (walking) => {
      const began = performance.now();
      const trip = await begin(lab, walking, shared);
      await trip.started;
      const declines = walking.paymentMethod === "pm_card_chargeCustomerFail";
      const account = await overOf(lab, trip, declines);
      return { trip, account, tookMs: performance.now() - began };
    }),
  );
}

async function begin(
  lab: ServiceLab,
  { shares, paymentMethod, acts, auditHasTrouble, ...walking }: WalkingTrip,
  shared: string,
): Promise<RealTrip> {
  const tripId = crypto.randomUUID();
  const plan: Record<string, Fault> = {};
  for (const [activityId, fault] of walking.faults) plan[activityId] = faults[fault] ?? twice;
  if (auditHasTrouble) lab.trouble(tripId);
  const trip = Promise.withResolvers<RealTrip>();
  for (const { act, at } of acts) {
    const befalling = plan[at] ?? ((send) => send());
    const once = onFirst(async () => await perform(lab, act, await trip.promise));
    plan[at] = (send, attempt) => {
      once();
      return befalling(send, attempt);
    };
  }
  trip.resolve(
    await beginTrip(lab, {
      tripId,
      faults: plan,
      paymentMethod,
      rider: "hasty",
      ...(shares ? { vehicleId: shared } : {}),
    }),
  );
  return await trip.promise;
}

/** onFirst does something the first time, beside whoever asks, and whether or not it is allowed. */
function onFirst(act: () => Promise<unknown>): () => void {
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

/** overOf does what riders and operators do, until the trip is over, and answers what it came to. */
async function overOf(lab: ServiceLab, trip: RealTrip, declines: boolean): Promise<Account> {
  const { tripId } = trip;
  let seen: Account | undefined;
  const over = async () => {
    seen = await trip.account();
    if (isOver(seen)) return seen;
    if (seen.status === "ACTIVE") trip.end().catch(() => undefined);
    const waits = seen.status === "NEEDS_ATTENTION" || seen.status === "SETTLED";
    if (waits) await attend(lab, { tripId, declines }).catch(() => undefined);
    return undefined;
  };
  const wait = { what: `the end of trip ${tripId}`, timeoutMs: 90_000, intervalMs: 100 };
  return await waitUntil(over, wait).catch((error: unknown) => {
    throw new Error(`${String(error)}; its account: ${JSON.stringify(seen)}`, { cause: error });
  });
}

function isOver({ status, broadcast, vehicles }: Account): boolean {
  if (vehicles.length > 0) return false;
  return status === "CANCELLED" || (status === "SETTLED" && broadcast === "PUBLISHED");
}

interface Attended {
  readonly tripId: string;
  /** Whether its payment method declines every capture. */
  readonly declines: boolean;
}

/** attend does what an operator would for a trip of which something may be parked. */
async function attend(lab: ServiceLab, { tripId, declines }: Attended): Promise<void> {
  lab.faults.plan(tripId, {});
  // A capture that the gateway declines it will decline again.
  const { capture } = steps;
  const resolve = { tripId, step: capture, note: "written off" };
  if (declines) await lab.operator.resolveTrip(resolve).catch(() => undefined);
  await lab.operator.retryTrip({ tripId });
}

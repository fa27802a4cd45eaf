import { Code, ConnectError } from "@connectrpc/connect";
import { waitUntil } from "@fanfare/dev-stack";
import { expect } from "vitest";
import type { Account } from "./books.ts";
import { eventually } from "./eventually.ts";
import type { Fault } from "./faults.ts";
import type { ServiceLab } from "./service-lab.ts";

/** RealTrip is a trip of a rider, in a service lab. */
export interface RealTrip {
  readonly tripId: string;
  readonly vehicleId: string;
  /** The answer of StartTrip: undefined, or why it was refused. */
  readonly started: Promise<string | undefined>;
  end(): Promise<void>;
  cancel(): Promise<void>;
  account(): Promise<Account>;
  isSettled(): Promise<void>;
  isCompensated(): Promise<void>;
  /** redeliver delivers every call once more, and answers how each was refused, by activity id. */
  redeliver(): Promise<Readonly<Record<string, string>>>;
}

export interface RealTripOptions {
  readonly tripId?: string;
  readonly rider?: string;
  readonly faults?: Readonly<Record<string, Fault>>;
  readonly vehicleId?: string;
  readonly paymentMethod?: string;
}

/** beginTrip asks for a trip with a vehicle of its own. */
export async function beginTrip(lab: ServiceLab, options: RealTripOptions = {}): Promise<RealTrip> {
  const tripId = options.tripId ?? crypto.randomUUID();
  const vehicleId = options.vehicleId ?? (await lab.books.addVehicle());
  const paymentMethod = options.paymentMethod ?? "pm_card_visa";
  const rider = lab.rider(options.rider);
  lab.faults.plan(tripId, options.faults ?? {});
  const started = rider.startTrip({ tripId, vehicleId, paymentMethod }).then(
    () => undefined,
    (error: Error) => error.message,
  );
  const account = () => lab.books.accountOf(tripId);

  return {
    tripId,
    vehicleId,
    started,
    account,
    end: () => insist(() => rider.endTrip({ tripId })),
    cancel: () => insist(() => rider.cancelTrip({ tripId, reason: "changed my mind" })),
    async isSettled() {
      await eventually(async () => expect(await account()).toMatchObject(settled));
      await eventually(() => expect(lab.heard(tripId)).toEqual({ revenue: 1, audit: 1 }));
    },
    async isCompensated() {
      await eventually(async () => expect(await account()).toMatchObject(compensated));
      const { tab, granted } = await account();
      expect([null, "void"]).toContain(tab);
      expect(granted).toBeLessThanOrEqual(1);
      expect(lab.heard(tripId)).toEqual({ revenue: 0, audit: 0 });
    },
    async redeliver() {
      const refusals: Record<string, string> = {};
      await Promise.all(
        lab.faults.copies(tripId).map(async (copy) => {
          const keep = (error: Error) => void (refusals[copy.activityId] = error.message);
          await copy.deliver().catch(keep);
        }),
      );
      return refusals;
    },
  };
}

/** insist calls again for as long as the answer is to call again, as a rider's app does. */
async function insist(call: () => Promise<unknown>): Promise<void> {
  const answer = await waitUntil(
    async () => {
      const refusal = await call().then(
        () => null,
        (error: unknown) => ConnectError.from(error),
      );
      return refusal?.code !== Code.Unavailable && { refusal };
    },
    { what: "an answer other than to call again", timeoutMs: 60_000, intervalMs: 100 },
  );
  if (answer.refusal) throw answer.refusal;
}

/** active waits until the drive has begun. */
export async function active(trip: RealTrip): Promise<RealTrip> {
  await waitUntil(async () => (await trip.account()).status === "ACTIVE", {
    what: `trip ${trip.tripId} to be ACTIVE`,
    timeoutMs: 60_000,
    intervalMs: 50,
  });
  return trip;
}

/** What the databases hold of a trip of less than a minute that is paid for: each charge once. */
const settled: Partial<Account> = {
  status: "SETTLED",
  reason: null,
  ended: true,
  fare: 30,
  settled: 130,
  broadcast: "PUBLISHED",
  vehicles: [],
  tab: "captured",
  charges: 2,
  balance: 130,
  granted: 1,
  held: 0,
  taken: 130,
};

/** What the databases hold of a trip of which nothing is left. */
const compensated: Partial<Account> = {
  status: "CANCELLED",
  ended: false,
  fare: null,
  settled: null,
  broadcast: null,
  vehicles: [],
  balance: 0,
  held: 0,
  taken: 0,
};

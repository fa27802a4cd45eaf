import { waitUntil } from "@fanfare/dev-stack";
import { type Books, retryWhileUnavailable, type TripAccount } from "@fanfare/test-fixtures";
import { expect } from "vitest";
import { eventually } from "./eventually.ts";
import type { Fault } from "./faults.ts";
import type { ServiceLab } from "./service-lab.ts";

/** A trip of a rider in a service lab. */
export interface RealTrip {
  readonly tripId: string;
  readonly vehicleId: string;
  /** The rider, who takes no other trip. */
  readonly rider: string;
  /** The answer of StartTrip: undefined, or the message of its refusal. */
  readonly started: Promise<string | undefined>;
  end(): Promise<void>;
  cancel(): Promise<void>;
  /** Reads what the databases contain of the trip. */
  readAccount(): Promise<TripAccount>;
  expectSettled(): Promise<void>;
  expectCompensated(): Promise<void>;
  /** Delivers every call once more. Resolves with the refusals, by activity id. */
  redeliver(): Promise<Readonly<Record<string, string>>>;
}

/** Options of `beginTrip`. */
export interface RealTripOptions {
  readonly tripId?: string;
  /** The beginning of the rider's name. Default: rosa. */
  readonly rider?: string;
  readonly faults?: Readonly<Record<string, Fault>>;
  readonly vehicleId?: string;
  readonly paymentMethod?: string;
}

/** Starts a trip, by default with a vehicle of its own. */
export async function beginTrip(lab: ServiceLab, options: RealTripOptions = {}): Promise<RealTrip> {
  const tripId = options.tripId ?? crypto.randomUUID();
  const vehicleId = options.vehicleId ?? (await addVehicle(lab.books));
  const paymentMethod = options.paymentMethod ?? "pm_card_visa";
  const name = createRider(options.rider ?? "rosa", tripId);
  const rider = lab.rider(name);
  lab.faults.plan(tripId, options.faults ?? {});
  const started = rider.startTrip({ tripId, vehicleId, paymentMethod }).then(
    () => undefined,
    (error: Error) => error.message,
  );
  const retries = { intervalMs: 100 };
  const readAccount = () => readTripAccount(lab.books, tripId);

  return {
    tripId,
    vehicleId,
    rider: name,
    started,
    readAccount,
    async end() {
      await retryWhileUnavailable(() => rider.endTrip({ tripId }), retries);
    },
    async cancel() {
      await retryWhileUnavailable(
        () => rider.cancelTrip({ tripId, reason: "changed my mind" }),
        retries,
      );
    },
    async expectSettled() {
      await eventually(async () => expect(await readAccount()).toMatchObject(settled));
      await eventually(() =>
        expect(lab.events.countDeliveries(tripId)).toEqual({ revenue: 1, audit: 1 }),
      );
    },
    async expectCompensated() {
      await eventually(async () => expect(await readAccount()).toMatchObject(compensated));
      const { tab, authorisations } = await readAccount();
      expect([null, "void"]).toContain(tab);
      expect(authorisations).toBeLessThanOrEqual(1);
      expect(lab.events.countDeliveries(tripId)).toEqual({ revenue: 0, audit: 0 });
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

/** Returns the name of the rider of a trip. */
export function createRider(prefix: string, tripId: string): string {
  return `${prefix}-${tripId}`;
}

/** Adds a free vehicle. */
export async function addVehicle(books: Books): Promise<string> {
  const [vehicleId = ""] = await books.addVehicles(1);
  return vehicleId;
}

async function readTripAccount(books: Books, tripId: string): Promise<TripAccount> {
  const [account] = await books.readAccounts([tripId]);
  if (account === undefined) throw new Error(`expected an account of trip ${tripId}, got none`);
  return account;
}

/** Waits until the drive has begun. */
export async function waitUntilActive(trip: RealTrip): Promise<RealTrip> {
  await waitUntil(async () => (await trip.readAccount()).status === "ACTIVE", {
    what: `trip ${trip.tripId} to be ACTIVE`,
    timeoutMs: 60_000,
    intervalMs: 50,
  });
  return trip;
}

/** The account of a settled trip of less than a minute, with each charge once. */
const settled: Partial<TripAccount> = {
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
  authorisations: 1,
  authorised: 0,
  captures: 1,
  captured: 130,
};

/** The account of a compensated trip. */
const compensated: Partial<TripAccount> = {
  status: "CANCELLED",
  ended: false,
  fare: null,
  settled: null,
  broadcast: null,
  vehicles: [],
  balance: 0,
  authorised: 0,
  captured: 0,
};

import { Code, ConnectError } from "@connectrpc/connect";
import { type Trip, TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { waitUntil } from "@fanfare/dev-stack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Books, compensatedAccount, openBooks, settledAccount } from "../test/books.ts";
import { type Stack, startStack } from "../test/stack.ts";
import { newTrip, type Rider, retryCall, startTrip, takeTrip } from "../test/trips.ts";

/** FANFARE_DEAD=long has 500 trips in flight. */
const inFlight = process.env.FANFARE_DEAD === "long" ? 500 : 60;

describe("many riders", { timeout: 400_000 }, () => {
  let stack: Stack;
  let books: Books;
  beforeAll(async () => {
    stack = await startStack();
    books = await openBooks(stack);
  }, 180_000);
  afterAll(async () => {
    await books?.[Symbol.asyncDispose]();
    await stack?.[Symbol.asyncDispose]();
  }, 60_000);

  /** answered starts a trip, again when the answer takes longer than a call, until it is final. */
  async function answered(trip: Rider): Promise<Trip | ConnectError> {
    return await waitUntil(
      async () => {
        try {
          const answer = await startTrip(stack.clients, trip);
          return answer?.status === TripStatus.ACTIVE && answer;
        } catch (error) {
          const refusal = ConnectError.from(error);
          if (refusal.code === Code.FailedPrecondition) return refusal;
          throw error;
        }
      },
      { what: `an answer for trip ${trip.tripId}`, intervalMs: 250, timeoutMs: 240_000 },
    );
  }

  it("100 for one vehicle: one drives, 99 hear that it is in use, nothing is left of them", async () => {
    const trips = Array.from({ length: 100 }, (_, index) => newTrip({ name: `rider-${index}` }));
    const answers = await Promise.all(trips.map(answered));
    const refusals = answers.filter((answer) => answer instanceof ConnectError);
    expect(new Set(refusals.map(({ rawMessage }) => rawMessage)).size).toBe(1);
    expect(refusals[0]?.rawMessage).toMatch(/vehicle-1 .*in use/);
    expect(refusals).toHaveLength(99);

    const isDriving = (index: number) => !(answers[index] instanceof ConnectError);
    const others = trips.filter((_, index) => !isDriving(index));
    const accounts = await books.accountsOf(others.map(({ tripId }) => tripId));
    expect(accounts).toEqual(others.map(() => compensatedAccount));
    const [driver = newTrip()] = trips.filter((_, index) => isDriving(index));
    const [account] = await books.accountsOf([driver.tripId]);
    expect(account).toMatchObject({ status: "ACTIVE", vehicles: 1 });
    await takeTrip(stack.clients, driver, "end");
  });

  it("the same StartTrip 100 times at once: one workflow, one answer", async () => {
    const trip = newTrip({ vehicleId: "vehicle-2" });
    const [first, ...others] = await Promise.all(Array.from({ length: 100 }, () => answered(trip)));
    expect(first).toMatchObject({ status: TripStatus.ACTIVE });
    // Requested, taken up, active: nothing was recorded twice.
    expect(first).toMatchObject({ version: 3n });
    for (const other of others) expect(other).toEqual(first);
    const [account] = await books.accountsOf([trip.tripId]);
    expect(account).toMatchObject({ status: "ACTIVE", vehicles: 1, balance: 100 });
    await takeTrip(stack.clients, trip, "end");
  });

  it(`${inFlight} in flight: all are settled, and each group hears of each once`, async () => {
    const vehicles = await books.addVehicles(inFlight);
    const trips = vehicles.map((vehicleId) => newTrip({ vehicleId }));
    const started = await Promise.all(trips.map(answered));
    expect(started.filter((answer) => answer instanceof ConnectError)).toEqual([]);
    const tripIds = trips.map(({ tripId }) => tripId);
    const driving = await books.accountsOf(tripIds);
    expect(new Set(driving.map(({ status }) => status))).toEqual(new Set(["ACTIVE"]));

    await Promise.all(
      trips.map(({ name, tripId }) =>
        retryCall(`trip ${tripId} to end`, () => stack.clients.trips(name).endTrip({ tripId })),
      ),
    );
    await waitUntil(
      async () => {
        const told = await books.accountsOf(tripIds);
        return told.every(({ effects }) => Object.values(effects).every((count) => count > 0));
      },
      { what: "every group to hear of every trip", intervalMs: 500, timeoutMs: 240_000 },
    );
    const accounts = await books.accountsOf(tripIds);
    expect(accounts).toEqual(accounts.map(({ fare }) => settledAccount(fare)));
  });
});

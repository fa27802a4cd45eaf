import { Code, ConnectError } from "@connectrpc/connect";
import { type Trip, TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { waitUntil } from "@fanfare/dev-stack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type AccountReader,
  compensatedAccount,
  hasEnded,
  openAccountReader,
  settledAccount,
} from "../test/account-reader.ts";
import { type Stack, startStack } from "../test/stack.ts";
import { createTrip, type Rider, retryCall, startTrip, takeTrip } from "../test/trips.ts";

/** The long form has 500 trips in flight. */
const inFlight = process.env.FANFARE_DEAD === "long" ? 500 : 60;

describe("many riders", { timeout: 400_000 }, () => {
  let stack: Stack;
  let reader: AccountReader;
  beforeAll(async () => {
    stack = await startStack();
    reader = openAccountReader(stack);
  }, 180_000);
  afterAll(async () => {
    await reader?.[Symbol.asyncDispose]();
    await stack?.[Symbol.asyncDispose]();
  }, 60_000);

  /** Starts a trip, and repeats the call until the answer is ACTIVE or a refusal. */
  async function waitForAnswer(trip: Rider): Promise<Trip | ConnectError> {
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

  it("lets one of 100 riders take a vehicle, and compensates the other trips", async () => {
    const trips = Array.from({ length: 100 }, (_, index) => createTrip({ name: `rider-${index}` }));
    const answers = await Promise.all(trips.map(waitForAnswer));
    const refusals = answers.filter((answer) => answer instanceof ConnectError);
    expect(new Set(refusals.map(({ rawMessage }) => rawMessage)).size).toBe(1);
    expect(refusals[0]?.rawMessage).toMatch(/the vehicle is not available/);
    expect(refusals).toHaveLength(99);

    const isDriving = (index: number) => !(answers[index] instanceof ConnectError);
    const others = trips.filter((_, index) => !isDriving(index));
    const accounts = await reader.readAccounts(others.map(({ tripId }) => tripId));
    expect(accounts).toEqual(others.map(() => compensatedAccount));
    const [driver = createTrip()] = trips.filter((_, index) => isDriving(index));
    const [account] = await reader.readAccounts([driver.tripId]);
    expect(account).toMatchObject({ status: "ACTIVE", vehicles: 1 });
    await takeTrip(stack.clients, driver, "end");
  });

  it("starts one workflow for 100 concurrent equal calls, and answers all of them alike", async () => {
    const trip = createTrip({ vehicleId: "vehicle-2" });
    const [first, ...others] = await Promise.all(
      Array.from({ length: 100 }, () => waitForAnswer(trip)),
    );
    expect(first).toMatchObject({ status: TripStatus.ACTIVE });
    // Requested, accepted, active: nothing is recorded twice.
    expect(first).toMatchObject({ version: 3n });
    for (const other of others) expect(other).toEqual(first);
    const [account] = await reader.readAccounts([trip.tripId]);
    expect(account).toMatchObject({ status: "ACTIVE", vehicles: 1, balance: 100 });
    await takeTrip(stack.clients, trip, "end");
  });

  it(`settles ${inFlight} concurrent trips, with one effect of each in each group`, async () => {
    const vehicles = await reader.addVehicles(inFlight);
    const trips = vehicles.map((vehicleId) => createTrip({ vehicleId }));
    const started = await Promise.all(trips.map(waitForAnswer));
    expect(started.filter((answer) => answer instanceof ConnectError)).toEqual([]);
    const tripIds = trips.map(({ tripId }) => tripId);
    const driving = await reader.readAccounts(tripIds);
    expect(new Set(driving.map(({ status }) => status))).toEqual(new Set(["ACTIVE"]));

    await Promise.all(
      trips.map(({ name, tripId }) =>
        retryCall(`trip ${tripId} to end`, () => stack.clients.trips(name).endTrip({ tripId })),
      ),
    );
    await waitUntil(async () => (await reader.readAccounts(tripIds)).every(hasEnded), {
      what: "every trip to end, in every group",
      intervalMs: 500,
      timeoutMs: 240_000,
    });
    const accounts = await reader.readAccounts(tripIds);
    expect(accounts).toEqual(accounts.map(({ fare }) => settledAccount(fare)));
  });
});

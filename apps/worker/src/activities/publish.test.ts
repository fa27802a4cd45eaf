import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { createValidator } from "@bufbuild/protovalidate";
import { BusError, createMemoryBus } from "@fanfare/bus";
import { createValidation } from "@fanfare/bus/validate";
import { type TripCompleted, TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import { launchTariff } from "@fanfare/trip-contract";
import { CancelledFailure } from "@temporalio/common";
import { describe, expect, it } from "vitest";
import { createActivityEnvironment, runAsActivity } from "../../test/activity.ts";
import { type CompletedTrip, persistentFailureType } from "../trip-activities.ts";
import { createPublishActivities } from "./publish.ts";

const euros = (minorUnits: number) => ({ minorUnits, currency: "EUR" });
const trip = {
  tripId: "2f8780ca-332e-4b70-855f-fc4fe612040a",
  riderId: "rider-1",
  vehicleId: "vehicle-1",
  tariffId: "launch",
  startedAt: "2030-01-01T10:00:00.000Z",
  endedAt: "2030-01-01T10:20:00.000Z",
  unlockFee: euros(100),
  fare: euros(600),
  settled: euros(700),
};

/** Publishes a trip and returns what a subscriber gets, whose messages are validated. */
async function publishAndReceive(changes: Partial<CompletedTrip>): Promise<TripCompleted> {
  await using bus = createMemoryBus({ interceptors: [createValidation(createValidator())] });
  let seen: TripCompleted | undefined;
  await bus.subscribe("test", (on) =>
    on.service(TripEvents, { tripCompleted: (message) => void (seen = message) }),
  );
  const activities = createPublishActivities({ bus });
  await runAsActivity(() => activities.publishTripCompleted({ ...trip, ...changes }));
  await bus.idle();
  if (seen === undefined) throw new Error("expected an event, got none");
  return seen;
}

async function publishAgainst(error: Error, environment = createActivityEnvironment()) {
  const publish = async (): Promise<never> => {
    throw error;
  };
  const activities = createPublishActivities({ bus: { publish } });
  try {
    return await runAsActivity(() => activities.publishTripCompleted(trip), environment);
  } catch (reason) {
    return reason;
  }
}

describe("publishTripCompleted()", () => {
  it.each([
    ["the capture", 0, -700n],
    ["the fare", 100, -600n],
  ])(
    "publishes amounts that sum to the settled one when %s was resolved by hand",
    async (_, captured, adjustment) => {
      const received = await publishAndReceive({ settled: euros(captured) });
      expect(received).toMatchObject({
        settled: { minorUnits: BigInt(captured) },
        adjustment: { minorUnits: adjustment, currency: "EUR" },
      });
    },
  );

  it.each([
    [14, 90_000, 50],
    [2400, 500, 0],
  ])(
    "publishes the %i started increments of %i ms at %i that the fare consists of",
    async (...row) => {
      const [count, incrementMs, incrementPrice] = row;
      const tariff = { ...launchTariff, incrementMs, incrementPrice };
      const received = await publishAndReceive({ tariff, fare: euros(count * incrementPrice) });
      expect(received.chargedIncrements).toMatchObject({
        count: BigInt(count),
        increment: durationFromMs(incrementMs),
        price: { minorUnits: BigInt(incrementPrice), currency: "EUR" },
      });
    },
  );

  it.each([
    ["the workflow began before it was passed", undefined],
    ["another tariff has priced the fare", { ...launchTariff, incrementPrice: 31 }],
  ])("publishes no increments when %s", async (_, tariff) => {
    const received = await publishAndReceive(tariff === undefined ? {} : { tariff });
    expect(received.chargedIncrements).toBeUndefined();
    expect(received.fare?.minorUnits).toBe(600n);
  });

  it("publishes the trip under its own id, so a retry stores nothing", async () => {
    await using bus = createMemoryBus();
    const seen: { id: string; trip: TripCompleted }[] = [];
    await bus.subscribe("test", (on) =>
      on.service(TripEvents, {
        tripCompleted: (message, { id }) => void seen.push({ id, trip: message }),
      }),
    );
    const activities = createPublishActivities({ bus });
    await runAsActivity(() => activities.publishTripCompleted(trip));
    await runAsActivity(() => activities.publishTripCompleted(trip));
    await bus.idle();
    expect(seen).toMatchObject([
      {
        id: `trip/${trip.tripId}/completed`,
        trip: {
          tripId: trip.tripId,
          riderId: "rider-1",
          vehicleId: "vehicle-1",
          startedAt: { seconds: BigInt(Date.parse(trip.startedAt) / 1_000) },
          endedAt: { seconds: BigInt(Date.parse(trip.endedAt) / 1_000) },
          tariffId: "launch",
          unlockFee: { minorUnits: 100n, currency: "EUR" },
          fare: { minorUnits: 600n },
          settled: { minorUnits: 700n },
          adjustment: { minorUnits: 0n },
        },
      },
    ]);
  });

  it("is retried within seconds after a retryable error", async () => {
    const failure = await publishAgainst(new BusError("unavailable", "no broker"));
    expect(failure).toMatchObject({
      message: "unavailable: no broker",
      type: "unavailable",
      nonRetryable: false,
      nextRetryDelay: undefined,
    });
  });

  it.each([new BusError("permission_denied", "not yours"), new TypeError("odd")])(
    "is retried every minute after any other error: %s",
    async (error) => {
      expect(await publishAgainst(error)).toMatchObject({
        type: persistentFailureType,
        nonRetryable: false,
        nextRetryDelay: "1 minute",
      });
    },
  );

  it("ends as cancelled when the activity is cancelled", async () => {
    const environment = createActivityEnvironment();
    environment.cancel();
    const ended = await publishAgainst(new BusError("aborted", "gave up"), environment);
    expect(ended).toBeInstanceOf(CancelledFailure);
  });
});

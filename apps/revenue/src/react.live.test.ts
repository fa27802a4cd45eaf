import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { createMemoryBus, createPublisher } from "@fanfare/bus";
import { RefundEvents } from "@fanfare/contracts/trips/v1/refund_events";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import { createInbox } from "@fanfare/reactor";
import { completedTrip, openTestDatabase, type TestDatabase } from "@fanfare/test-fixtures";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrations } from "./migrations.ts";
import { react } from "./react.ts";
import { listRevenue, listVehicleDays } from "./store.ts";
import type { RevenueDatabase } from "./tables.ts";

const timeoutMs = 20_000;

describe("react()", { timeout: 60_000 }, () => {
  let database: TestDatabase<RevenueDatabase>;
  beforeAll(async () => {
    database = await openTestDatabase({ name: "revenue", migrations });
  }, 60_000);
  afterAll(() => database?.[Symbol.asyncDispose]());

  const readDays = (vehicleId: string) =>
    listVehicleDays(database.db, vehicleId, { after: undefined, limit: 10 });

  async function openBus() {
    const bus = createMemoryBus();
    await bus.subscribe("revenue", react(createInbox(database.db)));
    return bus;
  }

  it("records one entry for a completed trip, and adds it to its vehicle's day", async () => {
    await using bus = await openBus();
    const trips = createPublisher(TripEvents, bus);
    const trip = completedTrip({ vehicleId: "one" });
    await trips.tripCompleted(trip, { id: `trip/${trip.tripId}/completed` });
    await bus.idle({ timeoutMs });
    expect(await listRevenue(database.db, trip.tripId)).toMatchObject([
      { vehicle_id: "one", minor_units: "1250", currency: "EUR" },
    ]);
    expect(await readDays("one")).toEqual([
      {
        day: "2026-11-21",
        currency: "EUR",
        trips: "1",
        driven_seconds: "1380",
        minor_units: "1250",
      },
    ]);
  });

  it("records nothing for an event that is redelivered", async () => {
    await using bus = await openBus();
    const trips = createPublisher(TripEvents, bus);
    const trip = completedTrip({ vehicleId: "again" });
    const id = `trip/${trip.tripId}/completed`;
    await trips.tripCompleted(trip, { id });
    await bus.idle({ timeoutMs });
    // Past the broker's deduplication window, so that the event is stored and delivered again.
    await bus.advance(24 * 3_600_000);
    expect((await trips.tripCompleted(trip, { id })).duplicate).toBe(false);
    await bus.idle({ timeoutMs });
    expect(await listRevenue(database.db, trip.tripId)).toHaveLength(1);
    expect(await readDays("again")).toMatchObject([{ trips: "1", minor_units: "1250" }]);
  });

  it("takes a refund from the day on which it was made, once", async () => {
    await using bus = await openBus();
    const trip = completedTrip({ vehicleId: "refunded" });
    const { tripId, riderId, vehicleId } = trip;
    await createPublisher(TripEvents, bus).tripCompleted(trip);
    const refunded = { minorUnits: 250n, currency: "EUR" };
    const { tripRefunded } = createPublisher(RefundEvents, bus);
    const refund = {
      tripId,
      riderId,
      vehicleId,
      refundId: "one",
      refunded,
      totalRefunded: refunded,
      settled: { minorUnits: 1250n, currency: "EUR" },
      refundedAt: timestampFromDate(new Date("2026-11-23T10:00:00Z")),
    };
    const id = `refund/${tripId}/one`;
    await tripRefunded(refund, { id });
    await bus.idle({ timeoutMs });
    await bus.advance(24 * 3_600_000);
    await tripRefunded(refund, { id });
    await bus.idle({ timeoutMs });
    const entries = await listRevenue(database.db, tripId);
    expect(entries.map(({ minor_units }) => minor_units).toSorted()).toEqual(["-250", "1250"]);
    expect(await readDays("refunded")).toMatchObject([
      { day: "2026-11-23", trips: "0", minor_units: "-250" },
      { day: "2026-11-21", trips: "1", minor_units: "1250" },
    ]);
  });

  it("sums concurrent trips of a vehicle by day and currency", async () => {
    await using bus = await openBus();
    const trips = createPublisher(TripEvents, bus);
    const many = Array.from({ length: 20 }, () => completedTrip({ vehicleId: "many" }));
    const swiss = { minorUnits: 5n, currency: "CHF" };
    many.push(completedTrip({ vehicleId: "many", settled: swiss }));
    await Promise.all(many.map((trip) => trips.tripCompleted(trip)));
    await bus.idle({ timeoutMs });
    expect(await readDays("many")).toMatchObject([
      { currency: "EUR", trips: "20", driven_seconds: "27600", minor_units: "25000" },
      { currency: "CHF", trips: "1", driven_seconds: "1380", minor_units: "5" },
    ]);
  });
});

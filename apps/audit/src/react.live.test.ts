import { createMemoryBus, createPublisher } from "@fanfare/bus";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import { createInbox } from "@fanfare/reactor";
import { completedTrip, openTestDatabase, type TestDatabase } from "@fanfare/test-fixtures";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrations } from "./migrations.ts";
import { react } from "./react.ts";
import { listEvents } from "./store.ts";
import type { AuditDatabase } from "./tables.ts";

const timeoutMs = 20_000;
const everything = { topic: undefined, key: undefined };

describe("react()", { timeout: 60_000 }, () => {
  let database: TestDatabase<AuditDatabase>;
  beforeAll(async () => {
    database = await openTestDatabase({ name: "audit", migrations });
  }, 60_000);
  afterAll(() => database?.[Symbol.asyncDispose]());

  const listTripEvents = (key: string) =>
    listEvents(database.db, { ...everything, key }, { after: 0n, limit: 100 });

  async function openBus() {
    const bus = createMemoryBus({ source: "//trips" });
    await bus.subscribe("audit", react(createInbox(database.db)));
    return bus;
  }

  it("stores an event once, as readable JSON", async () => {
    await using bus = await openBus();
    const trip = completedTrip({ unlockFee: { minorUnits: 0n, currency: "EUR" } });
    const id = `trip/${trip.tripId}/completed`;
    const time = new Date("2026-11-21T10:23:01Z");
    await createPublisher(TripEvents, bus).tripCompleted(trip, { id, time });
    await bus.idle({ timeoutMs });

    const events = await listTripEvents(trip.tripId);
    expect(events).toMatchObject([
      {
        event_id: id,
        topic: "trips.completed",
        key: trip.tripId,
        type: "trips.v1.TripCompleted",
        source: "//trips",
        event_time: time,
      },
    ]);
    expect(JSON.parse(events[0]?.json ?? "")).toEqual({
      tripId: trip.tripId,
      riderId: "rider-1",
      vehicleId: "vehicle-1",
      startedAt: "2026-11-21T10:00:00Z",
      endedAt: "2026-11-21T10:23:00Z",
      unlockFee: { minorUnits: "0", currency: "EUR" },
      fare: { minorUnits: "1150", currency: "EUR" },
      settled: { minorUnits: "1250", currency: "EUR" },
      tariffId: "launch",
    });
  });

  it("stores nothing for an event that is redelivered", async () => {
    await using bus = await openBus();
    const { tripCompleted } = createPublisher(TripEvents, bus);
    const trip = completedTrip();
    const id = `trip/${trip.tripId}/completed`;
    await tripCompleted(trip, { id });
    await bus.idle({ timeoutMs });
    // Past the broker's memory of ids, so that it is stored and delivered once more.
    await bus.advance(24 * 3_600_000);
    expect((await tripCompleted(trip, { id })).duplicate).toBe(false);
    await bus.idle({ timeoutMs });
    expect(await listTripEvents(trip.tripId)).toHaveLength(1);
  });

  it("keeps the order of a key, and positions without gaps", async () => {
    await using bus = await openBus();
    const { tripCompleted } = createPublisher(TripEvents, bus);
    const before = await listEvents(database.db, everything, { after: 0n, limit: 100 });
    const [one, two] = [completedTrip(), completedTrip()];
    const ids = Array.from({ length: 10 }, (_, index) => `event-${index}`);
    for (const id of ids) {
      await tripCompleted(one, { id: `${id}-one` });
      await tripCompleted(two, { id: `${id}-two` });
    }
    await bus.idle({ timeoutMs });
    expect((await listTripEvents(one.tripId)).map((event) => event.event_id)).toEqual(
      ids.map((id) => `${id}-one`),
    );
    const all = await listEvents(database.db, everything, { after: 0n, limit: 100 });
    expect(all.map((event) => Number(event.position))).toEqual(
      Array.from({ length: before.length + 20 }, (_, index) => index + 1),
    );
  });
});

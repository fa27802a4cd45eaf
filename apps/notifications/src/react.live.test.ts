import { createMemoryBus, createPublisher } from "@fanfare/bus";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { completedTrip } from "../test/completed-trip.ts";
import { openTestDatabase, type TestDatabase } from "../test/open-test-database.ts";
import { react } from "./react.ts";
import { listReceipts } from "./store.ts";

const timeoutMs = 20_000;

describe("react()", { timeout: 60_000 }, () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase();
  }, 60_000);
  afterAll(() => database?.[Symbol.asyncDispose]());

  async function openBus() {
    const bus = createMemoryBus();
    await bus.subscribe("notifications", react(database.db));
    return bus;
  }

  it("writes one receipt for a completed trip, to be sent at once", async () => {
    await using bus = await openBus();
    const trip = completedTrip();
    await createPublisher(TripEvents, bus).tripCompleted(trip);
    await bus.idle({ timeoutMs });
    expect(await listReceipts(database.db, trip.tripId, undefined)).toMatchObject([
      { rider_id: "rider-1", subject: "Your receipt: €12.50", sent_at: null, attempts: 0 },
    ]);
  });

  it("writes nothing more for an event that comes again", async () => {
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
    expect(await listReceipts(database.db, trip.tripId, undefined)).toHaveLength(1);
  });
});

import { createMemoryBus, createPublisher } from "@fanfare/bus";
import { RefundEvents } from "@fanfare/contracts/trips/v1/refund_events";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import { createInbox } from "@fanfare/reactor";
import { completedTrip, openTestDatabase, type TestDatabase } from "@fanfare/test-fixtures";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newRefund } from "../test/new-refund.ts";
import { migrations } from "./migrations.ts";
import { react } from "./react.ts";
import type { NotificationsDatabase } from "./tables.ts";

const timeoutMs = 20_000;

describe("react()", { timeout: 60_000 }, () => {
  let database: TestDatabase<NotificationsDatabase>;
  beforeAll(async () => {
    database = await openTestDatabase({ name: "notifications", migrations });
  }, 60_000);
  afterAll(() => database?.[Symbol.asyncDispose]());

  async function openBus() {
    const bus = createMemoryBus();
    await bus.subscribe("notifications", react(createInbox(database.db)));
    return bus;
  }

  const listDrafts = (tripId: string) =>
    database.db.selectFrom("receipt_drafts").selectAll().where("trip_id", "=", tripId).execute();

  it("stores one draft for a completed trip, with the id of the rider in one place", async () => {
    await using bus = await openBus();
    const trip = completedTrip();
    await createPublisher(TripEvents, bus).tripCompleted(trip);
    await bus.idle({ timeoutMs });
    expect(await listDrafts(trip.tripId)).toMatchObject([
      { rider_id: "rider-1", refund_id: null, event: expect.not.stringContaining("rider-1") },
    ]);
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
    expect(await listDrafts(trip.tripId)).toHaveLength(1);
  });

  it("stores one draft for each refund of a trip", async () => {
    await using bus = await openBus();
    const { tripRefunded } = createPublisher(RefundEvents, bus);
    const refund = newRefund();
    const id = `refund/${refund.tripId}/one`;
    await tripRefunded(refund, { id });
    await bus.idle({ timeoutMs });
    await bus.advance(24 * 3_600_000);
    expect((await tripRefunded(refund, { id })).duplicate).toBe(false);
    await bus.idle({ timeoutMs });
    expect(await listDrafts(refund.tripId)).toMatchObject([
      { rider_id: "rider-1", refund_id: "one", event: expect.not.stringContaining("rider-1") },
    ]);
  });
});

import { migrations as auditMigrations } from "@fanfare/audit/migrations";
import { react as audit } from "@fanfare/audit/react";
import type { AuditDatabase } from "@fanfare/audit/tables";
import { createMemoryBus, createPublisher } from "@fanfare/bus";
import { NoteEvents } from "@fanfare/bus/testing";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import { startPostgres } from "@fanfare/dev-stack";
import { migrations as notificationsMigrations } from "@fanfare/notifications/migrations";
import { react as notifications } from "@fanfare/notifications/react";
import type { NotificationsDatabase } from "@fanfare/notifications/tables";
import { createInbox } from "@fanfare/reactor";
import { migrations as revenueMigrations } from "@fanfare/revenue/migrations";
import { react as revenue } from "@fanfare/revenue/react";
import type { RevenueDatabase } from "@fanfare/revenue/tables";
import { createLogger, openDatabase } from "@fanfare/service";
import { completedTrip } from "@fanfare/test-fixtures";
import { describe, expect, it } from "vitest";

type Migrations = Parameters<typeof openDatabase>[0]["migrations"];

/** fanOut joins the three reactors to one memory bus, each with its own database. */
async function startFanOut() {
  const stack = new AsyncDisposableStack();
  const postgres = stack.use(await startPostgres());
  const logger = createLogger({ name: "fan-out", level: "silent" });
  async function database<DB>(name: string, migrations: Migrations) {
    const url = await postgres.createDatabase(name);
    const opened = openDatabase<DB>({ url, name, migrations, logger });
    stack.defer(() => opened.close());
    await opened.waitForMigrations();
    return opened.db;
  }
  const revenueDb = await database<RevenueDatabase>("revenue", revenueMigrations);
  const auditDb = await database<AuditDatabase>("audit", auditMigrations);
  const notificationsDb = await database<NotificationsDatabase>(
    "notifications",
    notificationsMigrations,
  );
  const bus = stack.use(createMemoryBus());
  await bus.subscribe("revenue", revenue(createInbox(revenueDb)));
  await bus.subscribe("audit", audit(createInbox(auditDb)));
  await bus.subscribe("notifications", notifications(createInbox(notificationsDb)));
  return {
    bus,
    revenue: () => revenueDb.selectFrom("revenue").selectAll().execute(),
    events: () => auditDb.selectFrom("events").selectAll().execute(),
    drafts: () => notificationsDb.selectFrom("receipt_drafts").selectAll().execute(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const euros = (minorUnits: bigint) => ({ minorUnits, currency: "EUR" });
const trip = completedTrip({
  riderId: "alice",
  vehicleId: "vehicle-7",
  fare: euros(690n),
  settled: euros(790n),
});

describe("fan-out over the memory bus", { timeout: 120_000 }, () => {
  it("delivers one event to all three reactors, with the whole message", async () => {
    await using reactors = await startFanOut();
    const trips = createPublisher(TripEvents, reactors.bus);
    await trips.tripCompleted(trip, { id: `trip/${trip.tripId}/completed` });
    await reactors.bus.idle();

    expect(await reactors.revenue()).toMatchObject([
      { trip_id: trip.tripId, vehicle_id: "vehicle-7", minor_units: "790", currency: "EUR" },
    ]);
    expect(await reactors.drafts()).toMatchObject([
      { trip_id: trip.tripId, rider_id: "alice", event: expect.stringContaining('"790"') },
    ]);
    const events = await reactors.events();
    expect(events).toHaveLength(1);
    expect(JSON.parse(events[0]?.json ?? "")).toEqual({
      tripId: trip.tripId,
      riderId: "alice",
      vehicleId: "vehicle-7",
      startedAt: "2026-11-21T10:00:00Z",
      endedAt: "2026-11-21T10:23:00Z",
      unlockFee: { minorUnits: "100", currency: "EUR" },
      fare: { minorUnits: "690", currency: "EUR" },
      settled: { minorUnits: "790", currency: "EUR" },
      tariffId: "launch",
    });
  });

  it("delivers events of another topic to none of them", async () => {
    await using reactors = await startFanOut();
    const notes = createPublisher(NoteEvents, reactors.bus);
    await notes.noteWritten({ author: "alice", number: 1 });
    await reactors.bus.idle();
    expect(await reactors.revenue()).toEqual([]);
    expect(await reactors.events()).toEqual([]);
    expect(await reactors.drafts()).toEqual([]);
  });
});

import { type Client, createClient } from "@connectrpc/connect";
import { createTestTransport } from "@fanfare/access/testing";
import { createMemoryBus } from "@fanfare/bus";
import { type RiderChanged, RiderEvents } from "@fanfare/contracts/riders/v1/rider_events";
import { RidersService } from "@fanfare/contracts/riders/v1/riders";
import { readOutboxState, startRelay } from "@fanfare/outbox";
import type { Caller } from "@fanfare/service";
import { openTestDatabase } from "@fanfare/test-fixtures";
import type { Kysely } from "kysely";
import { expect } from "vitest";
import { migrations } from "../src/migrations.ts";
import { createRoutes } from "../src/routes.ts";
import type { RidersTables } from "../src/tables.ts";

/** The service over a PostgreSQL of its own, called in memory. */
export interface TestRiders extends AsyncDisposable {
  readonly db: Kysely<RidersTables>;
  as(caller: Caller): Client<typeof RidersService>;
  /** Returns the client of a rider. Default: a new rider. */
  asRider(riderId?: string): Client<typeof RidersService>;
  /** Publishes the outbox, and returns the events of a rider that a subscriber received. */
  publishOutbox(riderId: string): Promise<RiderChanged[]>;
}

/** Starts PostgreSQL and creates the tables and the service. */
export async function startTestRiders(): Promise<TestRiders> {
  const database = await openTestDatabase<RidersTables>({ name: "riders", migrations });
  const { db } = database;
  const as = (caller: Caller) =>
    createClient(RidersService, createTestTransport(createRoutes(db), caller));
  return {
    db,
    as,
    asRider: (riderId = crypto.randomUUID()) => as({ role: "rider", subject: riderId }),
    async publishOutbox(riderId) {
      await using bus = createMemoryBus({ source: "riders" });
      const received: RiderChanged[] = [];
      await bus.subscribe("test", (on) => {
        on.service(RiderEvents, { riderChanged: (event) => void received.push(event) });
      });
      await using _ = startRelay(db, bus, { services: [RiderEvents], pollIntervalMs: 20 });
      await expect
        .poll(async () => (await readOutboxState(db)).waiting, { timeout: 30_000 })
        .toBe(0);
      await bus.idle();
      return received.filter((event) => event.riderId === riderId);
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

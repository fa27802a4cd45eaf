import { type Client, createClient, createRouterTransport } from "@connectrpc/connect";
import { createTestTransport } from "@fanfare/access/testing";
import { createMemoryBus } from "@fanfare/bus";
import { type RiderChanged, RiderEvents } from "@fanfare/contracts/riders/v1/rider_events";
import { RidersService } from "@fanfare/contracts/riders/v1/riders";
import { readOutboxState, startRelay } from "@fanfare/outbox";
import type { Caller } from "@fanfare/service";
import { openTestDatabase } from "@fanfare/test-fixtures";
import type { Kysely } from "kysely";
import { expect } from "vitest";
import { createDataClients, type DataClients } from "../src/data-apps.ts";
import { migrations } from "../src/migrations.ts";
import { createRoutes } from "../src/routes.ts";
import type { RidersTables } from "../src/tables.ts";

/** The service over a PostgreSQL of its own, called in memory. */
export interface TestRiders extends AsyncDisposable {
  readonly db: Kysely<RidersTables>;
  /** Returns the client of a caller. Default for the clients of other apps: each call is unimplemented. */
  as(caller: Caller, clients?: DataClients): Client<typeof RidersService>;
  /** Returns the client of a rider. Default: a new rider. */
  asRider(riderId?: string): Client<typeof RidersService>;
  /** Publishes the outbox, and returns the events of a rider that a subscriber received. */
  publishOutbox(riderId: string): Promise<RiderChanged[]>;
  /** Publishes the outbox, and returns how often a subscriber received that the rider was erased. */
  countErased(riderId: string): Promise<number>;
}

/** Starts PostgreSQL and creates the tables and the service. */
export async function startTestRiders(): Promise<TestRiders> {
  const database = await openTestDatabase<RidersTables>({ name: "riders", migrations });
  const { db } = database;
  const nobody = createRouterTransport(() => {});
  const noClients = createDataClients({ trips: nobody, billing: nobody, notifications: nobody });
  const as = (caller: Caller, clients = noClients) =>
    createClient(RidersService, createTestTransport(createRoutes({ db, clients }), caller));
  async function publish() {
    await using bus = createMemoryBus({ source: "riders" });
    const changed: RiderChanged[] = [];
    const erased: string[] = [];
    await bus.subscribe("test", (on) => {
      on.service(RiderEvents, {
        riderChanged: (event) => void changed.push(event),
        riderErased: ({ riderId }) => void erased.push(riderId),
      });
    });
    await using _ = startRelay(db, bus, { services: [RiderEvents], pollIntervalMs: 20 });
    await expect.poll(async () => (await readOutboxState(db)).waiting, { timeout: 30_000 }).toBe(0);
    await bus.idle();
    return { changed, erased };
  }
  return {
    db,
    as,
    asRider: (riderId = crypto.randomUUID()) => as({ role: "rider", subject: riderId }),
    async publishOutbox(riderId) {
      return (await publish()).changed.filter((event) => event.riderId === riderId);
    },
    async countErased(riderId) {
      return (await publish()).erased.filter((id) => id === riderId).length;
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asLogin } from "../../test/as-login.ts";
import {
  connectFares,
  countFares,
  createDelivery,
  type FaresDatabase,
  insertFare,
  openFares,
  readRecords,
  type Trip,
} from "../../test/fares.ts";
import { createInboxMetrics } from "../metrics.ts";
import { inbox } from "./inbox.ts";
import { inboxBatch } from "./inbox-batch.ts";
import { createInboxCounters } from "./inbox-counters.ts";

describe("inbox()", { timeout: 60_000 }, () => {
  let server: Postgres;
  let db: Kysely<FaresDatabase>;
  beforeAll(async () => {
    server = await startPostgres();
    db = await openFares(await server.createDatabase("fares"));
  }, 60_000);
  afterAll(async () => {
    await db?.destroy();
    await server?.stop();
  }, 60_000);

  it("commits the effects together with the record of the event", async () => {
    await inbox(db, insertFare)({ tripId: "once" }, createDelivery("once", { attempt: 3 }));
    expect(await countFares(db, "once")).toBe(1);
    expect(await readRecords(db, "once")).toEqual([
      { group_name: "revenue", topic: "trips.completed", attempt: 3 },
    ]);
  });

  it("acknowledges a redelivery without calling the handler", async () => {
    let calls = 0;
    const handle = inbox(db, async (trip: Trip, tx, delivery) => {
      calls += 1;
      await insertFare(trip, tx, delivery);
    });
    await handle({ tripId: "again" }, createDelivery("again"));
    await handle({ tripId: "again" }, createDelivery("again", { attempt: 2 }));
    expect(calls).toBe(1);
    expect(await countFares(db, "again")).toBe(1);
  });

  it("counts handled events and duplicates, and no failures", async () => {
    const counters = createInboxCounters();
    const handle = inbox(db, insertFare, { counters });
    const fails = inbox<Trip, FaresDatabase>(db, () => Promise.reject(new Error("no")), {
      counters,
    });
    await handle({ tripId: "counted" }, createDelivery("counted"));
    await handle({ tripId: "counted" }, createDelivery("counted", { attempt: 2 }));
    await expect(fails({ tripId: "uncounted" }, createDelivery("uncounted"))).rejects.toThrow("no");
    const batch = inboxBatch<Trip, FaresDatabase>(db, async () => {}, { counters });
    const ids = ["counted", "counted-1", "counted-2"];
    await Promise.all(ids.map((id) => batch({ tripId: id }, createDelivery(id))));
    const metrics = await createInboxMetrics(counters)();
    expect(metrics.map(({ name, type, samples }) => [name, type, samples[0]?.value])).toEqual([
      ["fanfare_inbox_handled_total", "counter", 3],
      ["fanfare_inbox_duplicates_total", "counter", 2],
    ]);
  });

  it("separates groups and topics", async () => {
    const handle = inbox(db, insertFare);
    await handle({ tripId: "apart" }, createDelivery("apart"));
    await handle({ tripId: "apart" }, createDelivery("apart", { group: "audit" }));
    await handle({ tripId: "apart" }, createDelivery("apart", { topic: "trips.cancelled" }));
    expect(await countFares(db, "apart")).toBe(3);
  });

  it("identifies an event by its id, whatever its contents", async () => {
    const handle = inbox(db, insertFare);
    await handle({ tripId: "first-contents" }, createDelivery("reused"));
    await handle({ tripId: "other-contents" }, createDelivery("reused"));
    expect(await countFares(db, "first-contents")).toBe(1);
    expect(await countFares(db, "other-contents")).toBe(0);
  });

  it("rolls back effects and record when the handler throws, and passes its error on", async () => {
    const failure = new Error("no such tariff");
    const handle = inbox(db, async (trip: Trip, tx, delivery) => {
      await insertFare(trip, tx, delivery);
      throw failure;
    });
    await expect(handle({ tripId: "fails" }, createDelivery("fails"))).rejects.toBe(failure);
    expect(await countFares(db, "fails")).toBe(0);
    expect(await readRecords(db, "fails")).toEqual([]);

    await inbox(db, insertFare)({ tripId: "fails" }, createDelivery("fails", { attempt: 2 }));
    expect(await countFares(db, "fails")).toBe(1);
  });

  it("fails when the handler ignores the error of a statement", async () => {
    const handle = inbox(db, async (_trip: Trip, tx) => {
      await sql`select 1 / 0`.execute(tx).catch(() => {});
    });
    await expect(handle({ tripId: "swallows" }, createDelivery("swallows"))).rejects.toThrow(
      "rolled back",
    );
    expect(await readRecords(db, "swallows")).toEqual([]);
  });

  it("is unavailable while the table inbox does not exist", async () => {
    const bare = connectFares(await server.createDatabase("bare"));
    await expect(
      inbox(bare, insertFare)({ tripId: "early" }, createDelivery("early")),
    ).rejects.toEqual(
      expect.objectContaining({
        name: "DependencyUnavailableError",
        message: expect.stringContaining("inboxMigration"),
      }),
    );
    await bare.destroy();
  });

  it("is unavailable when the process froze until the server ended its transaction", async () => {
    const handle = inbox(db, async (trip: Trip, tx, delivery) => {
      await insertFare(trip, tx, delivery);
      await sql`set local idle_in_transaction_session_timeout = 50`.execute(tx);
      await expect.poll(countIdleTransactions, { timeout: 30_000 }).toBe(0);
      await insertFare(trip, tx, delivery);
    });
    await expect(handle({ tripId: "frozen" }, createDelivery("frozen"))).rejects.toEqual(
      expect.objectContaining({ name: "DependencyUnavailableError" }),
    );
    expect(await readRecords(db, "frozen")).toEqual([]);
    await inbox(db, insertFare)({ tripId: "frozen" }, createDelivery("frozen", { attempt: 2 }));
    expect(await countFares(db, "frozen")).toBe(1);
  });

  it("is unavailable when the server is killed, and handles events once it is back", async () => {
    const killed = inbox(db, async (trip: Trip, tx, delivery) => {
      await insertFare(trip, tx, delivery);
      await server.kill();
      await insertFare(trip, tx, delivery);
    });
    const unavailable = expect.objectContaining({ name: "DependencyUnavailableError" });
    await expect(killed({ tripId: "lost" }, createDelivery("lost"))).rejects.toEqual(unavailable);
    // The server is still down.
    const handle = inbox(db, insertFare);
    await expect(handle({ tripId: "lost" }, createDelivery("lost"))).rejects.toEqual(unavailable);

    await server.start();
    await expect
      .poll(() => handle({ tripId: "lost" }, createDelivery("lost")), { timeout: 30_000 })
      .toBeUndefined();
    expect(await countFares(db, "lost")).toBe(1);
  });

  async function countIdleTransactions(): Promise<number> {
    const { rows } = await asLogin(db, (tx) =>
      sql`select from pg_stat_activity where state = 'idle in transaction'`.execute(tx),
    );
    return rows.length;
  }
});

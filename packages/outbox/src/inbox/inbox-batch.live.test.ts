import type { Delivery } from "@fanfare/bus";
import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { type Kysely, ParseJSONResultsPlugin, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  countBlockedLocks,
  createDelivery,
  type FaresDatabase,
  listFares,
  openFares,
  type Trip,
} from "../../test/fares.ts";
import { type InboxBatchOptions, inboxBatch } from "./inbox-batch.ts";

describe("inboxBatch()", { timeout: 60_000 }, () => {
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

  /** Creates a handler that records its batches, and fails for a trip id that contains "poison". */
  function create(options: InboxBatchOptions = {}) {
    const batches: string[][] = [];
    const handle = inboxBatch<Trip, FaresDatabase>(
      db,
      async (events, tx) => {
        const ids = events.map(({ message }) => message.tripId);
        batches.push(ids);
        await tx
          .insertInto("fares")
          .values(ids.map((trip_id) => ({ trip_id })))
          .execute();
        if (ids.some((id) => id.includes("poison"))) throw new Error("poison");
      },
      options,
    );
    return {
      batches,
      handle: (id: string, overrides: Partial<Delivery> = {}) =>
        handle({ tripId: id }, createDelivery(id, overrides)),
    };
  }

  it("handles events that start together in one transaction, in order", async () => {
    const { batches, handle } = create();
    const ids = ["c", "a", "b"].map((name) => `together-${name}`);
    await Promise.all(ids.map((id) => handle(id)));
    expect(batches).toEqual([ids]);
    expect(await listFares(db, "together")).toEqual(ids);
    const { rows } = await sql`
      select distinct xmin::text from inbox where event_id like 'together%'`.execute(db);
    expect(rows).toHaveLength(1);
  });

  it("handles at most maxBatchSize events at a time", async () => {
    const { batches, handle } = create({ maxBatchSize: 4 });
    const ids = Array.from({ length: 10 }, (_, index) => `size-${index}`);
    await Promise.all(ids.map((id) => handle(id)));
    expect(batches).toEqual([ids.slice(0, 4), ids.slice(4, 8), ids.slice(8)]);
  });

  it("leaves out events that were handled before and second deliveries of an event", async () => {
    const { batches, handle } = create();
    await handle("known-1");
    await Promise.all([handle("known-1"), handle("known-2"), handle("known-2")]);
    expect(batches).toEqual([["known-1"], ["known-2"]]);
    await handle("known-2");
    expect(batches).toHaveLength(2);
    expect(await listFares(db, "known")).toEqual(["known-1", "known-2"]);
  });

  it("fails the poison message alone, and commits the others once", async () => {
    const { handle } = create();
    const ids = Array.from({ length: 20 }, (_, index) => `mixed-${index}`);
    ids[7] = "mixed-poison";
    const outcomes = await Promise.allSettled(ids.map((id) => handle(id)));
    expect(outcomes.map(({ status }) => status === "rejected")).toEqual(
      ids.map((id) => id === "mixed-poison"),
    );
    expect(await listFares(db, "mixed")).toEqual(ids.filter((id) => id !== "mixed-poison"));
    const { rows } = await sql`
      select 1 from inbox where event_id like 'mixed%'`.execute(db);
    expect(rows).toHaveLength(19);
  });

  it("handles a redelivered event alone", async () => {
    const { batches, handle } = create();
    const others = [handle("again-1"), handle("again-2")];
    const poison = handle("again-poison", { attempt: 2, redelivered: true });
    const last = handle("again-3");
    await expect(poison).rejects.toThrow("poison");
    await Promise.all([...others, last]);
    expect(batches).toEqual([["again-1", "again-2"], ["again-poison"], ["again-3"]]);
  });

  it("refuses a handler that commits, and rolls back", async () => {
    const handle = inboxBatch<Trip, FaresDatabase>(db, async (events, tx) => {
      for (const { message } of events) {
        await tx.insertInto("fares").values({ trip_id: message.tripId }).execute();
      }
      await sql`commit`.execute(tx);
    });
    const ids = ["by-itself-1", "by-itself-2"];
    const handled = ids.map((id) => handle({ tripId: id }, createDelivery(id)));
    for (const one of handled) {
      await expect(one).rejects.toEqual(expect.objectContaining({ name: "PermanentError" }));
    }
    expect(await listFares(db, "by-itself")).toEqual([]);
  });

  it("handles waiting events beside a slow batch, up to its number of workers", async () => {
    const release = Promise.withResolvers<void>();
    const batches: string[][] = [];
    let inside = 0;
    let most = 0;
    const handle = inboxBatch<Trip, FaresDatabase>(
      db,
      async (events) => {
        batches.push(events.map(({ message }) => message.tripId));
        most = Math.max(most, ++inside);
        await release.promise;
        inside--;
      },
      { maxBatchSize: 4, workers: 2 },
    );
    const start = (ids: readonly string[]) =>
      ids.map((id) => handle({ tripId: id }, createDelivery(id)));
    const ids = Array.from({ length: 12 }, (_, index) => `beside-${index}`);
    const first = start(ids.slice(0, 4));
    await expect.poll(() => batches).toEqual([ids.slice(0, 4)]);
    const second = start(ids.slice(4, 5));
    await expect.poll(() => batches).toEqual([ids.slice(0, 4), ids.slice(4, 5)]);
    const third = start(ids.slice(5));
    release.resolve();
    await Promise.all([...first, ...second, ...third]);
    expect(most).toBe(2);
    expect(batches.flat().toSorted()).toEqual(ids.toSorted());
    expect(Math.max(...batches.map(({ length }) => length))).toBe(4);
  });

  it("records in one order, so that two batches never deadlock", async () => {
    const { handle } = create();
    const other = await db.startTransaction().execute();
    await sql`set local lock_timeout = 200`.execute(other);
    const recordBy = (id: string) =>
      sql`
      insert into inbox (group_name, topic, event_id, attempt, process)
      values ('revenue', 'trips.completed', ${id}, 1, 'another')`.execute(other);
    await recordBy("order-1");
    const batch = [handle("order-2"), handle("order-1")];
    await expect.poll(() => countBlockedLocks(db), { timeout: 30_000 }).toBe(1);
    // Another order would deadlock here.
    await recordBy("order-2");
    await other.rollback().execute();
    await expect(Promise.all(batch)).resolves.toHaveLength(2);
  });

  it("identifies events whatever plugins change in rows", async () => {
    const seen: string[] = [];
    const handle = inboxBatch<Trip, FaresDatabase>(
      db.withPlugin(new ParseJSONResultsPlugin()),
      async (events) => void seen.push(...events.map(({ message }) => message.tripId)),
    );
    const ids = ["[1]", '{"trip":1}', "plain"];
    await Promise.all(ids.map((id) => handle({ tripId: id }, createDelivery(id))));
    expect(seen).toEqual(ids);
  });

  it("handles as many events at a time as one statement can record", async () => {
    const { batches, handle } = create({ maxBatchSize: 13_107 });
    const ids = Array.from({ length: 13_107 }, (_, index) => `most-${index}`);
    await Promise.all(ids.map((id) => handle(id)));
    expect(batches.map(({ length }) => length)).toEqual([13_107]);
  });

  it("refuses an invalid maxBatchSize and number of workers", () => {
    const refused = expect.objectContaining({ code: "invalid_argument" });
    expect(() => create({ maxBatchSize: 0 })).toThrow(refused);
    expect(() => create({ maxBatchSize: 13_108 })).toThrow(refused);
    expect(() => create({ workers: 0 })).toThrow(refused);
    expect(() => create({ workers: 1.5 })).toThrow(refused);
  });
});

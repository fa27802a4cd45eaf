import { setImmediate as turn } from "node:timers/promises";
import type { Delivery } from "@fanfare/bus";
import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { type Kysely, ParseJSONResultsPlugin, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deliveryOf, type FaresDatabase, locksAwaited, openFares } from "../../test/fares.ts";
import { type InboxBatchOptions, inboxBatch } from "./inbox-batch.ts";

interface Trip {
  readonly tripId: string;
}

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

  /** A handler that keeps which batches it was called with; a trip whose id has "poison" fails. */
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
        handle({ tripId: id }, deliveryOf(id, overrides)),
    };
  }

  async function faresOf(prefix: string): Promise<string[]> {
    const rows = await db
      .selectFrom("fares")
      .select("trip_id")
      .where("trip_id", "like", `${prefix}%`)
      .orderBy("id")
      .execute();
    return rows.map(({ trip_id }) => trip_id);
  }

  it("takes what is started together in one transaction, in order", async () => {
    const { batches, handle } = create();
    const ids = ["c", "a", "b"].map((name) => `together-${name}`);
    await Promise.all(ids.map((id) => handle(id)));
    expect(batches).toEqual([ids]);
    expect(await faresOf("together")).toEqual(ids);
    const { rows } = await sql`
      select distinct xmin::text from inbox where event_id like 'together%'`.execute(db);
    expect(rows).toHaveLength(1);
  });

  it("takes no more than its size at a time", async () => {
    const { batches, handle } = create({ maxBatchSize: 4 });
    const ids = Array.from({ length: 10 }, (_, index) => `size-${index}`);
    await Promise.all(ids.map((id) => handle(id)));
    expect(batches).toEqual([ids.slice(0, 4), ids.slice(4, 8), ids.slice(8)]);
  });

  it("leaves out what was handled before, and what is there twice", async () => {
    const { batches, handle } = create();
    await handle("known-1");
    await Promise.all([handle("known-1"), handle("known-2"), handle("known-2")]);
    expect(batches).toEqual([["known-1"], ["known-2"]]);
    await handle("known-2");
    expect(batches).toHaveLength(2);
    expect(await faresOf("known")).toEqual(["known-1", "known-2"]);
  });

  it("finds the poison, lets it alone fail, and commits the others once", async () => {
    const { handle } = create();
    const ids = Array.from({ length: 20 }, (_, index) => `mixed-${index}`);
    ids[7] = "mixed-poison";
    const outcomes = await Promise.allSettled(ids.map((id) => handle(id)));
    expect(outcomes.map(({ status }) => status === "rejected")).toEqual(
      ids.map((id) => id === "mixed-poison"),
    );
    expect(await faresOf("mixed")).toEqual(ids.filter((id) => id !== "mixed-poison"));
    const { rows } = await sql`
      select 1 from inbox where event_id like 'mixed%'`.execute(db);
    expect(rows).toHaveLength(19);
  });

  it("handles what comes again by itself", async () => {
    const { batches, handle } = create();
    const others = [handle("again-1"), handle("again-2")];
    const poison = handle("again-poison", { attempt: 2 });
    const last = handle("again-3");
    await expect(poison).rejects.toThrow("poison");
    await Promise.all([...others, last]);
    expect(batches).toEqual([["again-1", "again-2"], ["again-poison"], ["again-3"]]);
  });

  it("refuses a handler that commits by itself, and leaves nothing", async () => {
    const handle = inboxBatch<Trip, FaresDatabase>(db, async (events, tx) => {
      for (const { message } of events) {
        await tx.insertInto("fares").values({ trip_id: message.tripId }).execute();
      }
      await sql`commit`.execute(tx);
    });
    const ids = ["by-itself-1", "by-itself-2"];
    const handled = ids.map((id) => handle({ tripId: id }, deliveryOf(id)));
    for (const one of handled) {
      await expect(one).rejects.toEqual(expect.objectContaining({ code: "permanent" }));
    }
    expect(await faresOf("by-itself")).toEqual([]);
  });

  it("gives up the event alone whose deadline has passed", async () => {
    const deadline = new AbortController();
    const entered = Promise.withResolvers<void>();
    let calls = 0;
    const handle = inboxBatch<Trip, FaresDatabase>(db, async (events, tx) => {
      calls += 1;
      await tx
        .insertInto("fares")
        .values(events.map(({ message }) => ({ trip_id: message.tripId })))
        .execute();
      if (calls > 1) return;
      entered.resolve();
      await sql`select pg_sleep(600)`.execute(tx);
    });
    const late = handle({ tripId: "late-1" }, deliveryOf("late-1", { signal: deadline.signal }));
    const fine = handle({ tripId: "late-2" }, deliveryOf("late-2"));
    await entered.promise;
    deadline.abort(new Error("past its deadline"));
    await expect(late).rejects.toThrow("past its deadline");
    const { rows } = await sql`
      select from pg_stat_activity where state = 'active' and query like '%sleep(600)%'
        and pid <> pg_backend_pid()`.execute(db);
    expect(rows).toEqual([]);
    await fine;
    await turn();
    expect(await faresOf("late")).toEqual(["late-2"]);
  });

  it("takes what waits beside a batch that takes its time, with as many workers as it has", async () => {
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
      ids.map((id) => handle({ tripId: id }, deliveryOf(id)));
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

  it("gives up at its deadline what waits behind a batch that hangs", async () => {
    const release = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    const seen: string[] = [];
    const handle = inboxBatch<Trip, FaresDatabase>(db, async (events) => {
      seen.push(...events.map(({ message }) => message.tripId));
      entered.resolve();
      await release.promise;
    });
    const hanging = handle({ tripId: "hangs" }, deliveryOf("hangs"));
    await entered.promise;
    const deadline = new AbortController();
    const { signal } = deadline;
    const behind = handle({ tripId: "behind" }, deliveryOf("behind", { signal }));
    const fine = handle({ tripId: "fine" }, deliveryOf("fine"));
    deadline.abort(new Error("past its deadline"));
    await expect(behind).rejects.toThrow("past its deadline");
    release.resolve();
    await Promise.all([hanging, fine]);
    expect(seen).toEqual(["hangs", "fine"]);
  });

  it("gives up at its deadline what waits for the other half of a batch that failed", async () => {
    const release = Promise.withResolvers<void>();
    const halved = Promise.withResolvers<void>();
    let calls = 0;
    const handle = inboxBatch<Trip, FaresDatabase>(db, async (events) => {
      calls += 1;
      if (events.length > 1) throw new Error("fails together");
      halved.resolve();
      await release.promise;
    });
    const deadline = new AbortController();
    const { signal } = deadline;
    const first = handle({ tripId: "half-1" }, deliveryOf("half-1"));
    const second = handle({ tripId: "half-2" }, deliveryOf("half-2", { signal }));
    await halved.promise;
    deadline.abort(new Error("past its deadline"));
    await expect(second).rejects.toThrow("past its deadline");
    release.resolve();
    await first;
    expect(calls).toBe(2);
  });

  it("records in the same order everywhere, so that two batches never wait for each other", async () => {
    const { handle } = create();
    const other = await db.startTransaction().execute();
    await sql`set local lock_timeout = 200`.execute(other);
    const recordBy = (id: string) =>
      sql`
      insert into inbox (group_name, topic, event_id, attempt, process)
      values ('revenue', 'trips.completed', ${id}, 1, 'another')`.execute(other);
    await recordBy("order-1");
    const batch = [handle("order-2"), handle("order-1")];
    await expect.poll(() => locksAwaited(db), { timeout: 30_000 }).toBe(1);
    // It would wait here for the batch, which waits for it.
    await recordBy("order-2");
    await other.rollback().execute();
    await expect(Promise.all(batch)).resolves.toHaveLength(2);
  });

  it("knows its events by what plugins leave of them", async () => {
    const seen: string[] = [];
    const handle = inboxBatch<Trip, FaresDatabase>(
      db.withPlugin(new ParseJSONResultsPlugin()),
      async (events) => void seen.push(...events.map(({ message }) => message.tripId)),
    );
    const ids = ["[1]", '{"trip":1}', "plain"];
    await Promise.all(ids.map((id) => handle({ tripId: id }, deliveryOf(id))));
    expect(seen).toEqual(ids);
  });

  it("takes as many at a time as one statement can record", async () => {
    const { batches, handle } = create({ maxBatchSize: 13_107 });
    const ids = Array.from({ length: 13_107 }, (_, index) => `most-${index}`);
    await Promise.all(ids.map((id) => handle(id)));
    expect(batches.map(({ length }) => length)).toEqual([13_107]);
  });

  it("refuses a size and workers that are none", () => {
    const refused = expect.objectContaining({ code: "invalid_argument" });
    expect(() => create({ maxBatchSize: 0 })).toThrow(refused);
    expect(() => create({ maxBatchSize: 13_108 })).toThrow(refused);
    expect(() => create({ workers: 0 })).toThrow(refused);
    expect(() => create({ workers: 1.5 })).toThrow(refused);
  });
});

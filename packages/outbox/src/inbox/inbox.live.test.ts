import { BusError } from "@fanfare/bus";
import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  connectFares,
  deliveryOf,
  type FaresDatabase,
  locksAwaited,
  openFares,
} from "../../test/fares.ts";
import { inboxMetrics } from "../metrics.ts";
import { type InboxHandler, inbox } from "./inbox.ts";
import { inboxBatch } from "./inbox-batch.ts";
import { createInboxCounters } from "./inbox-counters.ts";

interface Trip {
  readonly tripId: string;
}
type FareHandler = InboxHandler<Trip, FaresDatabase>;

const insertFare: FareHandler = async (trip, tx) => {
  await tx.insertInto("fares").values({ trip_id: trip.tripId }).execute();
};

describe("inbox()", { timeout: 60_000 }, () => {
  let server: Postgres;
  let url: string;
  let db: Kysely<FaresDatabase>;

  beforeAll(async () => {
    server = await startPostgres();
    url = await server.createDatabase("fares");
    db = await openFares(url);
  }, 60_000);
  afterAll(async () => {
    await db?.destroy();
    await server?.stop();
  });

  async function faresOf(tripId: string): Promise<number> {
    const rows = await db.selectFrom("fares").where("trip_id", "=", tripId).selectAll().execute();
    return rows.length;
  }

  async function recordsOf(eventId: string): Promise<readonly object[]> {
    const { rows } = await sql<object>`
      select group_name, topic, attempt from inbox where event_id = ${eventId}`.execute(db);
    return rows;
  }

  it("commits the effects together with the record of the event", async () => {
    await inbox(db, insertFare)({ tripId: "once" }, deliveryOf("once", { attempt: 3 }));
    expect(await faresOf("once")).toBe(1);
    expect(await recordsOf("once")).toEqual([
      { group_name: "revenue", topic: "trips.completed", attempt: 3 },
    ]);
  });

  it("acknowledges a redelivery without calling the handler", async () => {
    let calls = 0;
    const handle = inbox(db, async (trip: Trip, tx, delivery) => {
      calls += 1;
      await insertFare(trip, tx, delivery);
    });
    await handle({ tripId: "again" }, deliveryOf("again"));
    await handle({ tripId: "again" }, deliveryOf("again", { attempt: 2 }));
    expect(calls).toBe(1);
    expect(await faresOf("again")).toBe(1);
  });

  it("counts what it handled and what it knew, and nothing that failed", async () => {
    const counters = createInboxCounters();
    const handle = inbox(db, insertFare, { counters });
    const fails = inbox<Trip, FaresDatabase>(db, () => Promise.reject(new Error("no")), {
      counters,
    });
    await handle({ tripId: "counted" }, deliveryOf("counted"));
    await handle({ tripId: "counted" }, deliveryOf("counted", { attempt: 2 }));
    await expect(fails({ tripId: "uncounted" }, deliveryOf("uncounted"))).rejects.toThrow("no");
    const batch = inboxBatch<Trip, FaresDatabase>(db, async () => {}, { counters });
    const ids = ["counted", "counted-1", "counted-2"];
    await Promise.all(ids.map((id) => batch({ tripId: id }, deliveryOf(id))));
    const metrics = await inboxMetrics(counters)();
    expect(metrics.map(({ name, type, samples }) => [name, type, samples[0]?.value])).toEqual([
      ["fanfare_inbox_handled_total", "counter", 3],
      ["fanfare_inbox_duplicates_total", "counter", 2],
    ]);
  });

  it("keeps groups and topics apart", async () => {
    const handle = inbox(db, insertFare);
    await handle({ tripId: "apart" }, deliveryOf("apart"));
    await handle({ tripId: "apart" }, deliveryOf("apart", { group: "audit" }));
    await handle({ tripId: "apart" }, deliveryOf("apart", { topic: "trips.cancelled" }));
    expect(await faresOf("apart")).toBe(3);
  });

  it("leaves neither effects nor a record when the handler throws, and passes its error on", async () => {
    const failure = new Error("no such tariff");
    const handle = inbox(db, async (trip: Trip, tx, delivery) => {
      await insertFare(trip, tx, delivery);
      throw failure;
    });
    await expect(handle({ tripId: "fails" }, deliveryOf("fails"))).rejects.toBe(failure);
    expect(await faresOf("fails")).toBe(0);
    expect(await recordsOf("fails")).toEqual([]);

    await inbox(db, insertFare)({ tripId: "fails" }, deliveryOf("fails", { attempt: 2 }));
    expect(await faresOf("fails")).toBe(1);
  });

  it("does not take a transaction for committed whose failed statement the handler swallowed", async () => {
    const handle = inbox(db, async (_trip: Trip, tx) => {
      await sql`select 1 / 0`.execute(tx).catch(() => {});
    });
    await expect(handle({ tripId: "swallows" }, deliveryOf("swallows"))).rejects.toThrow(
      "rolled back",
    );
    expect(await recordsOf("swallows")).toEqual([]);
  });

  it.each(["commit", "ROLLBACK", "/* so */ end", "select 1; commit", "begin"])(
    "refuses a handler that does %j by itself, and leaves nothing",
    async (statement) => {
      const id = `by-itself/${statement}`;
      const handle = inbox(db, async (trip: Trip, tx, delivery) => {
        await insertFare(trip, tx, delivery);
        await sql.raw(statement).execute(tx);
      });
      await expect(handle({ tripId: id }, deliveryOf(id))).rejects.toEqual(
        expect.objectContaining({ code: "permanent" }),
      );
      expect(await faresOf(id)).toBe(0);
      expect(await recordsOf(id)).toEqual([]);
    },
  );

  it("lets a handler have savepoints of its own", async () => {
    const handle = inbox(db, async (trip: Trip, tx, delivery) => {
      await insertFare(trip, tx, delivery);
      await sql`savepoint before`.execute(tx);
      await insertFare(trip, tx, delivery);
      await sql`rollback to savepoint before`.execute(tx);
    });
    await handle({ tripId: "savepoint" }, deliveryOf("savepoint"));
    expect(await faresOf("savepoint")).toBe(1);
  });

  it("refuses a transaction in the transaction, and leaves nothing", async () => {
    const handle = inbox(db, async (trip: Trip, tx, delivery) => {
      // Its type says never, which a cast to any database's Kysely hides.
      const same: Kysely<FaresDatabase> = tx;
      await same.transaction().execute((inner) => insertFare(trip, inner, delivery));
    });
    await expect(handle({ tripId: "nested" }, deliveryOf("nested"))).rejects.toThrow(/transaction/);
    expect(await recordsOf("nested")).toEqual([]);
  });

  it("fails with the server's word when the transaction times out, and leaves nothing", async () => {
    const handle = inbox(db, async (trip: Trip, tx, delivery) => {
      await insertFare(trip, tx, delivery);
      await sql`set local statement_timeout = 50`.execute(tx);
      await sql`select pg_sleep(600)`.execute(tx);
    });
    await expect(handle({ tripId: "slowly" }, deliveryOf("slowly"))).rejects.toThrow(
      "statement timeout",
    );
    expect(await recordsOf("slowly")).toEqual([]);
    expect(await faresOf("slowly")).toBe(0);
  });

  it("takes no event to blame whose process froze until the server ended its transaction", async () => {
    const handle = inbox(db, async (trip: Trip, tx, delivery) => {
      await insertFare(trip, tx, delivery);
      await sql`set local idle_in_transaction_session_timeout = 50`.execute(tx);
      await expect.poll(idleInTransaction, { timeout: 30_000 }).toBe(0);
      await insertFare(trip, tx, delivery);
    });
    await expect(handle({ tripId: "frozen" }, deliveryOf("frozen"))).rejects.toEqual(
      expect.objectContaining({ code: "unavailable" }),
    );
    expect(await recordsOf("frozen")).toEqual([]);
    await inbox(db, insertFare)({ tripId: "frozen" }, deliveryOf("frozen", { attempt: 2 }));
    expect(await faresOf("frozen")).toBe(1);
  });

  it("takes an id for the event: what comes under it with other contents is not handled", async () => {
    const handle = inbox(db, insertFare);
    await handle({ tripId: "first-contents" }, deliveryOf("reused"));
    await handle({ tripId: "other-contents" }, deliveryOf("reused"));
    expect(await faresOf("first-contents")).toBe(1);
    expect(await faresOf("other-contents")).toBe(0);
  });

  describe("with the same event in two processes at once", () => {
    it("lets the second wait for the first, then acknowledges it unhandled", async () => {
      await using first = await holdOpen("both");
      const second = first.other({ tripId: "both" }, deliveryOf("both"));
      await lockAwaited();
      first.commit();
      await Promise.all([first.done, second]);
      expect(await faresOf("both")).toBe(1);
    });

    it("hands it to the second when the first fails", async () => {
      await using first = await holdOpen("handed");
      const second = first.other({ tripId: "handed" }, deliveryOf("handed"));
      await lockAwaited();
      first.fail();
      await expect(first.done).rejects.toThrow("fails at last");
      await second;
      expect(await faresOf("handed")).toBe(1);
    });

    it("stops waiting when the second's signal aborts", async () => {
      await using first = await holdOpen("aborts");
      const deadline = new AbortController();
      const second = first.other(
        { tripId: "aborts" },
        deliveryOf("aborts", { signal: deadline.signal }),
      );
      await lockAwaited();
      deadline.abort(new Error("past its deadline"));
      await expect(second).rejects.toThrow("past its deadline");
      first.commit();
      await first.done;
      expect(await faresOf("aborts")).toBe(1);
    });
  });

  it.each(["repeatable read", "serializable"])(
    "lets the second of two acknowledge where the database isolates by %s",
    async (isolation) => {
      await sql`alter database fares set default_transaction_isolation = ${sql.lit(isolation)}`.execute(
        db,
      );
      const isolated = connectFares(url);
      const entered = Promise.withResolvers<void>();
      const finish = Promise.withResolvers<void>();
      const first = inbox(isolated, async (trip: Trip, tx, delivery) => {
        await insertFare(trip, tx, delivery);
        entered.resolve();
        await finish.promise;
      })({ tripId: isolation }, deliveryOf(isolation));
      await entered.promise;
      const second = inbox(isolated, insertFare)({ tripId: isolation }, deliveryOf(isolation));
      await lockAwaited();
      finish.resolve();
      await Promise.all([first, second]);
      expect(await faresOf(isolation)).toBe(1);
      await isolated.destroy();
      await sql`alter database fares reset default_transaction_isolation`.execute(db);
    },
  );

  it("handles again, in the same attempt, what PostgreSQL ended to break a deadlock", async () => {
    let calls = 0;
    const handle = inbox(db, async ({ tripId }: Trip, tx) => {
      calls += 1;
      const [first, second] = tripId === "dead-a" ? [21, 22] : [22, 21];
      await sql`select pg_advisory_xact_lock(${first})`.execute(tx);
      await tx.insertInto("fares").values({ trip_id: tripId }).execute();
      if (calls === 2) both.resolve();
      await both.promise;
      await sql`select pg_advisory_xact_lock(${second})`.execute(tx);
    });
    const both = Promise.withResolvers<void>();
    const ids = ["dead-a", "dead-b"];
    await Promise.all(ids.map((id) => handle({ tripId: id }, deliveryOf(id))));
    expect(calls).toBe(3);
    for (const id of ids) expect(await faresOf(id)).toBe(1);
  });

  it("passes on, after some tries, what PostgreSQL ends again and again", async () => {
    let calls = 0;
    const handle = inbox(db, async (_trip: Trip, tx) => {
      calls += 1;
      await sql`do $$ begin raise exception 'again' using errcode = '40001'; end $$`.execute(tx);
    });
    await expect(handle({ tripId: "always" }, deliveryOf("always"))).rejects.toThrow("again");
    expect(calls).toBe(4);
    expect(await recordsOf("always")).toEqual([]);
  });

  it("rolls back what a handler did that ignored its signal", async () => {
    const deadline = new AbortController();
    const handle = inbox(db, async (trip: Trip, tx, delivery) => {
      deadline.abort(new Error("past its deadline"));
      await insertFare(trip, tx, delivery);
    });
    const late = handle({ tripId: "late" }, deliveryOf("late", { signal: deadline.signal }));
    await expect(late).rejects.toThrow("past its deadline");
    expect(await faresOf("late")).toBe(0);
    expect(await recordsOf("late")).toEqual([]);
  });

  it("cancels the statement that a handler is in when the signal aborts", async () => {
    const deadline = new AbortController();
    const handle = inbox(db, async (_trip: Trip, tx) => {
      setImmediate(() => deadline.abort(new Error("past its deadline")));
      await sql`select pg_sleep(600)`.execute(tx);
    });
    const slow = handle({ tripId: "slow" }, deliveryOf("slow", { signal: deadline.signal }));
    await expect(slow).rejects.toThrow("past its deadline");
    expect(await recordsOf("slow")).toEqual([]);
  });

  it("gives up what waits for it when every connection of the pool is in a transaction", async () => {
    const small = connectFares(url, { max: 2 });
    const deadline = new AbortController();
    const { signal } = deadline;
    let inside = 0;
    const handle = inbox(small, async (_trip: Trip, tx) => {
      inside += 1;
      if (inside === 2) deadline.abort(new Error("past its deadline"));
      await sql`select pg_sleep(0.5)`.execute(tx);
    });
    const handled = ["full-1", "full-2", "full-3"].map((id) =>
      handle({ tripId: id }, deliveryOf(id, { signal })),
    );
    for (const { status } of await Promise.allSettled(handled)) expect(status).toBe("rejected");
    await small.destroy();
  });

  it("raises unavailable while the table inbox has not been made", async () => {
    const bare = connectFares(await server.createDatabase("bare"));
    await expect(inbox(bare, insertFare)({ tripId: "early" }, deliveryOf("early"))).rejects.toEqual(
      expect.objectContaining({
        code: "unavailable",
        message: expect.stringContaining("inboxMigration"),
      }),
    );
    await bare.destroy();
  });

  it("raises unavailable when the server is killed, and works again once it is back", async () => {
    const killed = inbox(db, async (trip: Trip, tx, delivery) => {
      await insertFare(trip, tx, delivery);
      await server.kill();
      await insertFare(trip, tx, delivery);
    });
    const unavailable = expect.objectContaining({ code: "unavailable", name: BusError.name });
    await expect(killed({ tripId: "lost" }, deliveryOf("lost"))).rejects.toEqual(unavailable);
    // Nobody listens now: the same for what comes next.
    const handle = inbox(db, insertFare);
    await expect(handle({ tripId: "lost" }, deliveryOf("lost"))).rejects.toEqual(unavailable);

    await server.start();
    await expect
      .poll(() => handle({ tripId: "lost" }, deliveryOf("lost")), { timeout: 30_000 })
      .toBeUndefined();
    expect(await faresOf("lost")).toBe(1);
  });

  /** holdOpen begins handling the event in this process and stays within its transaction. */
  async function holdOpen(id: string) {
    const inside = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const otherDb = connectFares(url);
    const handle = inbox(db, async (trip: Trip, tx, delivery) => {
      await insertFare(trip, tx, delivery);
      inside.resolve();
      await finish.promise;
    });
    const done = handle({ tripId: id }, deliveryOf(id));
    done.catch(() => {});
    await inside.promise;
    return {
      done,
      commit: () => finish.resolve(),
      fail: () => finish.reject(new Error("fails at last")),
      other: inbox(otherDb, insertFare),
      async [Symbol.asyncDispose]() {
        finish.resolve();
        await done.catch(() => {});
        await otherDb.destroy();
      },
    };
  }

  async function idleInTransaction(): Promise<number> {
    const { rows } = await sql`
      select from pg_stat_activity where state = 'idle in transaction'`.execute(db);
    return rows.length;
  }

  async function lockAwaited(): Promise<void> {
    await expect.poll(() => locksAwaited(db), { timeout: 30_000 }).toBeGreaterThan(0);
  }
});

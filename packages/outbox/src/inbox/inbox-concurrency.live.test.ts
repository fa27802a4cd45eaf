import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  connectFares,
  countFares,
  createDelivery,
  type FaresDatabase,
  insertFare,
  openFares,
  readRecords,
  type Trip,
  waitForBlockedLock,
} from "../../test/fares.ts";
import { inbox } from "./inbox.ts";

describe("concurrent transactions of an inbox", { timeout: 60_000 }, () => {
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
  }, 60_000);

  describe("with the same event in two processes at once", () => {
    it("blocks the second until the first commits, then acknowledges it", async () => {
      await using first = await holdOpen("both");
      const second = first.other({ tripId: "both" }, createDelivery("both"));
      await waitForBlockedLock(db);
      first.commit();
      await Promise.all([first.done, second]);
      expect(await countFares(db, "both")).toBe(1);
    });

    it("handles it in the second when the first fails", async () => {
      await using first = await holdOpen("handed");
      const second = first.other({ tripId: "handed" }, createDelivery("handed"));
      await waitForBlockedLock(db);
      first.fail();
      await expect(first.done).rejects.toThrow("fails at last");
      await second;
      expect(await countFares(db, "handed")).toBe(1);
    });

    it("stops waiting when the signal of the second aborts", async () => {
      await using first = await holdOpen("aborts");
      const controller = new AbortController();
      const second = first.other(
        { tripId: "aborts" },
        createDelivery("aborts", { signal: controller.signal }),
      );
      await waitForBlockedLock(db);
      controller.abort(new Error("aborted"));
      await expect(second).rejects.toThrow("aborted");
      first.commit();
      await first.done;
      expect(await countFares(db, "aborts")).toBe(1);
    });
  });

  it.each(["repeatable read", "serializable"])(
    "acknowledges the second of two deliveries under the isolation level %s",
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
      })({ tripId: isolation }, createDelivery(isolation));
      await entered.promise;
      const second = inbox(isolated, insertFare)({ tripId: isolation }, createDelivery(isolation));
      await waitForBlockedLock(db);
      finish.resolve();
      await Promise.all([first, second]);
      expect(await countFares(db, isolation)).toBe(1);
      await isolated.destroy();
      await sql`alter database fares reset default_transaction_isolation`.execute(db);
    },
  );

  it("repeats a transaction within the attempt after a deadlock", async () => {
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
    await Promise.all(ids.map((id) => handle({ tripId: id }, createDelivery(id))));
    expect(calls).toBe(3);
    for (const id of ids) expect(await countFares(db, id)).toBe(1);
  });

  it("passes on a serialization failure after three repeats", async () => {
    let calls = 0;
    const handle = inbox(db, async (_trip: Trip, tx) => {
      calls += 1;
      await sql`do $$ begin raise exception 'again' using errcode = '40001'; end $$`.execute(tx);
    });
    await expect(handle({ tripId: "always" }, createDelivery("always"))).rejects.toThrow("again");
    expect(calls).toBe(4);
    expect(await readRecords(db, "always")).toEqual([]);
  });

  /** Starts to handle the event in this process, and keeps its transaction open. */
  async function holdOpen(id: string) {
    const inside = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const otherDb = connectFares(url);
    const handle = inbox(db, async (trip: Trip, tx, delivery) => {
      await insertFare(trip, tx, delivery);
      inside.resolve();
      await finish.promise;
    });
    const done = handle({ tripId: id }, createDelivery(id));
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
});

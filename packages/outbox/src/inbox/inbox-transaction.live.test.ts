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
} from "../../test/fares.ts";
import { inbox } from "./inbox.ts";

describe("the transaction of an inbox", { timeout: 60_000 }, () => {
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

  it.each(["commit", "ROLLBACK", "/* so */ end", "select 1; commit", "begin"])(
    "refuses a handler that executes %j, and rolls back",
    async (statement) => {
      const id = `by-itself/${statement}`;
      const handle = inbox(db, async (trip: Trip, tx, delivery) => {
        await insertFare(trip, tx, delivery);
        await sql.raw(statement).execute(tx);
      });
      await expect(handle({ tripId: id }, createDelivery(id))).rejects.toEqual(
        expect.objectContaining({ name: "PermanentError" }),
      );
      expect(await countFares(db, id)).toBe(0);
      expect(await readRecords(db, id)).toEqual([]);
    },
  );

  it("allows savepoints of the handler", async () => {
    const handle = inbox(db, async (trip: Trip, tx, delivery) => {
      await insertFare(trip, tx, delivery);
      await sql`savepoint before`.execute(tx);
      await insertFare(trip, tx, delivery);
      await sql`rollback to savepoint before`.execute(tx);
    });
    await handle({ tripId: "savepoint" }, createDelivery("savepoint"));
    expect(await countFares(db, "savepoint")).toBe(1);
  });

  it("refuses a nested transaction, and rolls back", async () => {
    const handle = inbox(db, async (trip: Trip, tx, delivery) => {
      // The type of a transaction forbids this; a Kysely of the same database hides it.
      const same: Kysely<FaresDatabase> = tx;
      await same.transaction().execute((inner) => insertFare(trip, inner, delivery));
    });
    await expect(handle({ tripId: "nested" }, createDelivery("nested"))).rejects.toThrow(
      /transaction/,
    );
    expect(await readRecords(db, "nested")).toEqual([]);
  });

  it("passes on the server's error when a statement times out, and rolls back", async () => {
    const handle = inbox(db, async (trip: Trip, tx, delivery) => {
      await insertFare(trip, tx, delivery);
      await sql`set local statement_timeout = 50`.execute(tx);
      await sql`select pg_sleep(600)`.execute(tx);
    });
    await expect(handle({ tripId: "slowly" }, createDelivery("slowly"))).rejects.toThrow(
      "statement timeout",
    );
    expect(await readRecords(db, "slowly")).toEqual([]);
    expect(await countFares(db, "slowly")).toBe(0);
  });

  it("rolls back the effects of a handler that ignores its signal", async () => {
    const controller = new AbortController();
    const handle = inbox(db, async (trip: Trip, tx, delivery) => {
      controller.abort(new Error("aborted"));
      await insertFare(trip, tx, delivery);
    });
    const late = handle({ tripId: "late" }, createDelivery("late", { signal: controller.signal }));
    await expect(late).rejects.toThrow("aborted");
    expect(await countFares(db, "late")).toBe(0);
    expect(await readRecords(db, "late")).toEqual([]);
  });

  it("cancels the running statement of the handler when the signal aborts", async () => {
    const controller = new AbortController();
    const handle = inbox(db, async (_trip: Trip, tx) => {
      setImmediate(() => controller.abort(new Error("aborted")));
      await sql`select pg_sleep(600)`.execute(tx);
    });
    const slow = handle({ tripId: "slow" }, createDelivery("slow", { signal: controller.signal }));
    await expect(slow).rejects.toThrow("aborted");
    expect(await readRecords(db, "slow")).toEqual([]);
  });

  it("rejects all events of an exhausted pool when their signal aborts", async () => {
    const small = connectFares(url, { max: 2 });
    const controller = new AbortController();
    const { signal } = controller;
    let inside = 0;
    const handle = inbox(small, async (_trip: Trip, tx) => {
      inside += 1;
      if (inside === 2) controller.abort(new Error("aborted"));
      await sql`select pg_sleep(0.5)`.execute(tx);
    });
    const handled = ["full-1", "full-2", "full-3"].map((id) =>
      handle({ tripId: id }, createDelivery(id, { signal })),
    );
    for (const { status } of await Promise.allSettled(handled)) expect(status).toBe("rejected");
    await small.destroy();
  });
});

import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { Kysely, PostgresDialect, sql } from "kysely";
import { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  countBlockedLocks,
  createDelivery,
  type FaresDatabase,
  openFares,
} from "../../test/fares.ts";
import { type InboxHandler, inbox } from "./inbox.ts";

interface Trip {
  readonly tripId: string;
}
type Tx = Parameters<InboxHandler<Trip, FaresDatabase>>[1];

const abortReason = new Error("aborted");

describe("cancelOnAbort()", { timeout: 60_000 }, () => {
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

  /** Handles an event whose signal aborts when `work` aborts it, and returns the error. */
  async function handleAborted(
    id: string,
    work: (tx: Tx, abort: () => void) => Promise<unknown>,
    on = db,
  ): Promise<unknown> {
    const controller = new AbortController();
    const abort = () => controller.abort(abortReason);
    const handle = inbox<Trip, FaresDatabase>(
      on,
      async (_trip, tx) => void (await work(tx, abort)),
    );
    const late = handle({ tripId: id }, createDelivery(id, { signal: controller.signal }));
    return await late.catch((reason: unknown) => reason);
  }

  it("cancels each statement that follows", async () => {
    const reason = await handleAborted("again", async (tx, abort) => {
      setImmediate(abort);
      await sql`savepoint before`.execute(tx);
      await sql`select pg_sleep(600)`.execute(tx).catch(() => {});
      await sql`rollback to savepoint before`.execute(tx);
      await sql`select pg_sleep(600)`.execute(tx);
    });
    expect(reason).toBe(abortReason);
  });

  it("cancels no statement of another transaction", async () => {
    const holder = await db.startTransaction().execute();
    await sql`select pg_advisory_xact_lock(7)`.execute(holder);
    const other = db.transaction().execute(async (tx) => {
      await tx.insertInto("fares").values({ trip_id: "other" }).execute();
      await sql`select pg_advisory_xact_lock(7)`.execute(tx);
    });
    const reason = await handleAborted("mine", async (tx, abort) => {
      await expect.poll(() => countBlockedLocks(db), { timeout: 30_000 }).toBe(1);
      setImmediate(abort);
      await sql`select pg_sleep(600)`.execute(tx);
    });
    expect(reason).toBe(abortReason);
    await holder.rollback().execute();
    await expect(other).resolves.toBeUndefined();
  });

  it("cancels with any type parsers of the driver", async () => {
    // The types of pg lack this option.
    const untyped = { binary: true };
    const pool = new Pool({ connectionString: url, ...untyped });
    await using binary = new Kysely<FaresDatabase>({ dialect: new PostgresDialect({ pool }) });
    const reason = await handleAborted(
      "binary",
      async (tx, abort) => {
        setImmediate(abort);
        await sql`select pg_sleep(600)`.execute(tx);
      },
      binary,
    );
    expect(reason).toBe(abortReason);
  });
});

import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connectFares, type FaresDatabase, openFares } from "../../test/fares.ts";
import { pruneInbox } from "./prune-inbox.ts";
import { startPruning } from "./start-pruning.ts";

const day = 24 * 3_600_000;
const monthAndDay = { retentionMs: 31 * day, maxRedeliveryMs: 30 * day };

describe("pruneInbox()", { timeout: 60_000 }, () => {
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
  beforeEach(async () => {
    await sql`truncate inbox`.execute(db);
    // One record for each of the last 50 days.
    await sql`
      insert into inbox (group_name, topic, event_id, attempt, process, handled_at)
      select 'revenue', 'trips.completed', age::text, 1, 'test', now() - age * interval '1 day'
      from generate_series(1, 50) as age`.execute(db);
  });

  async function ages(): Promise<number[]> {
    const { rows } = await sql<{ age: number }>`
      select event_id::int as age from inbox order by 1`.execute(db);
    return rows.map(({ age }) => age);
  }

  it("removes older records in small batches, and no others", async () => {
    expect(await pruneInbox(db, { ...monthAndDay, batchSize: 3 })).toBe(20);
    expect(await ages()).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
    expect(await pruneInbox(db, monthAndDay)).toBe(0);
  });

  it.each([
    { retentionMs: 30 * day, maxRedeliveryMs: 30 * day },
    { retentionMs: 0, maxRedeliveryMs: 0 },
    { retentionMs: Number.NaN, maxRedeliveryMs: day },
    { retentionMs: Infinity, maxRedeliveryMs: day },
    { ...monthAndDay, batchSize: 0 },
  ])("refuses %j", async (wrong) => {
    const refusal = expect.objectContaining({ code: "invalid_argument" });
    await expect(pruneInbox(db, wrong)).rejects.toEqual(refusal);
    expect(() => startPruning(db, wrong)).toThrow(refusal);
    expect(await ages()).toHaveLength(50);
  });

  it("names the migration when the table is missing", async () => {
    const bare = connectFares(await server.createDatabase("bare"));
    await expect(pruneInbox(bare, monthAndDay)).rejects.toEqual(
      expect.objectContaining({
        code: "not_provisioned",
        message: expect.stringContaining("inboxMigration"),
      }),
    );
    await bare.destroy();
  });

  it("runs at an interval until it is stopped", async () => {
    await using _ = startPruning(db, { ...monthAndDay, intervalMs: 20 });
    await expect.poll(async () => (await ages()).length, { timeout: 30_000 }).toBe(30);
  });

  it("stops between two batches", async () => {
    await sql`create table pruned (ignored int)`.execute(db);
    await sql`
      create function note_pruned() returns trigger language plpgsql as $$
      begin
        insert into pruned values (1);
        perform pg_sleep(0.05);
        return null;
      end $$`.execute(db);
    await sql`
      create trigger note_pruned after delete on inbox
      for each statement execute function note_pruned()`.execute(db);
    const batches = async () => (await sql`select from pruned`.execute(db)).rows.length;
    {
      await using _ = startPruning(db, { ...monthAndDay, batchSize: 1, intervalMs: 1 });
      await expect.poll(batches, { timeout: 30_000, interval: 1 }).toBeGreaterThan(0);
    }
    const left = (await ages()).length;
    await sql`drop trigger note_pruned on inbox`.execute(db);
    expect(left).toBeGreaterThan(30);
  });

  it("continues when onError throws", async () => {
    await sql`alter table inbox rename to away`.execute(db);
    let heard = 0;
    await using pruning = startPruning(db, {
      ...monthAndDay,
      intervalMs: 1,
      onError: () => {
        heard++;
        throw new Error("onError is broken");
      },
    });
    await expect.poll(() => heard, { timeout: 30_000 }).toBeGreaterThan(2);
    expect(pruning.health()).toMatchObject({
      removed: 0,
      failures: expect.any(Number),
      lastError: { code: "not_provisioned" },
    });
    await sql`alter table away rename to inbox`.execute(db);
    await expect.poll(async () => (await ages()).length, { timeout: 30_000 }).toBe(30);
    await expect.poll(() => pruning.health(), { timeout: 30_000 }).not.toHaveProperty("lastError");
    expect(pruning.health().removed).toBeGreaterThan(0);
  });

  it("stops in time while the database does not answer", async () => {
    const blocker = await db.startTransaction().execute();
    await sql`lock table inbox in access exclusive mode`.execute(blocker);
    const pruning = startPruning(db, { ...monthAndDay, intervalMs: 1 });
    const isBlocked = async () =>
      (await sql`select from pg_locks where not granted`.execute(blocker)).rows.length;
    await expect.poll(isBlocked, { timeout: 30_000 }).toBe(1);
    await pruning.stop({ timeoutMs: 10 });
    await blocker.rollback().execute();
    await pruning.stop();
    expect(await ages()).toHaveLength(30);
  });

  it.each([0, -1, Number.NaN, Infinity, 30 * day])("refuses an interval of %d ms", (intervalMs) => {
    expect(() => startPruning(db, { ...monthAndDay, intervalMs })).toThrow(
      expect.objectContaining({
        code: "invalid_argument",
        message: expect.stringContaining("intervalMs"),
      }),
    );
  });
});

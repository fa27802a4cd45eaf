import { startPostgres } from "@fanfare/dev-stack";
import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createRecordedLogger } from "../../test/recorded-logger.ts";
import { type Database, openDatabase } from "../database/open-database.ts";
import { idempotencyMigration } from "../idempotency/idempotency-migration.ts";
import {
  idempotencyAgesMigration,
  listIdempotencyTables,
} from "../idempotency/idempotency-retention.ts";
import { type PrunedTable, pruneTable } from "./pruned-table.ts";
import { startPruner } from "./start-pruner.ts";

interface Tables {
  notes: { id: number; part: string; written_at: Date; open: boolean | null };
  removals: { removed: number };
}

const notes: PrunedTable = {
  table: "notes",
  key: ["id", "part"],
  since: "written_at",
  retentionDays: 30,
  inUse: sql<boolean>`notes.open`,
};

const createTables = [
  sql`create table notes (
    id int, part text, written_at timestamptz not null default now(), open boolean,
    primary key (id, part))`,
  sql`create index on notes (written_at)`,
  sql`create table removals (removed int)`,
  sql`create function note_removal() returns trigger language plpgsql as $$
    begin
      insert into removals select count(*) from gone;
      return null;
    end
  $$`,
  sql`create trigger removals after delete on notes referencing old table as gone
    for each statement execute function note_removal()`,
];

describe("startPruner()", { timeout: 60_000 }, () => {
  let postgres: Awaited<ReturnType<typeof startPostgres>>;
  let database: Database<Tables>;
  let db: Kysely<Tables>;
  const { logger, lines } = createRecordedLogger();
  beforeAll(async () => {
    postgres = await startPostgres();
    database = openDatabase<Tables>({
      url: await postgres.createDatabase("retention"),
      name: "retention",
      migrations: {
        "001-notes": {
          up: async (tx) => {
            for (const statement of createTables) await statement.execute(tx);
          },
        },
        "002-idempotency": idempotencyMigration,
        "003-ages": idempotencyAgesMigration,
      },
      logger,
    });
    db = database.db;
    await database.waitForMigrations();
  }, 60_000);
  afterAll(async () => {
    await database?.close();
    await postgres?.stop();
  });
  beforeEach(async () => {
    await sql`truncate notes, removals`.execute(db);
  });

  /** Writes one note for each number of days, with the number as its id. */
  const write = (days: readonly number[], open: boolean | null = false) =>
    sql`
      insert into notes (id, part, written_at, open)
      select days, 'a', now() - days * interval '1 day', ${open}::boolean
      from unnest(${[...days]}::int[]) as days`.execute(db);
  const read = async () =>
    (await db.selectFrom("notes").select("id").orderBy("id").execute()).map(({ id }) => id);
  const prune = (batchSize = 1_000, signal?: AbortSignal) =>
    pruneTable(db, notes, signal === undefined ? { batchSize } : { batchSize, signal });
  const start = (change: object) => () => startPruner(db, { tables: [notes], logger, ...change });
  const readBatches = async () =>
    (await db.selectFrom("removals").selectAll().execute())
      .map(({ removed }) => removed)
      .filter((removed) => removed > 0);

  it("removes rows older than the retention, and keeps younger ones", async () => {
    await write([0, 29, 31, 400]);
    expect(await prune()).toBe(2);
    expect(await read()).toEqual([0, 29]);
    expect(await prune()).toBe(0);
  });

  it("keeps rows in use, whatever their age", async () => {
    await write([31, 4_000], true);
    await write([32], null);
    await write([33]);
    expect(await prune(1)).toBe(2);
    expect(await read()).toEqual([31, 4_000]);
  });

  it("keeps all rows when the retention is never", async () => {
    await write([4_000]);
    expect(await pruneTable(db, { ...notes, retentionDays: "never" })).toBe(0);
    expect(await read()).toEqual([4_000]);
  });

  it("removes the oldest rows first, in batches, and stops between two of them", async () => {
    await write([40, 41, 42, 43, 44, 45, 46]);
    expect(await prune(3, AbortSignal.abort())).toBe(3);
    expect(await read()).toEqual([40, 41, 42, 43]);
    expect(await prune(3)).toBe(4);
    expect(await readBatches()).toEqual([3, 3, 1]);
  });

  it("removes nothing while another process does, and does not wait for it", async () => {
    await write([31]);
    await db.transaction().execute(async (tx) => {
      await sql`select pg_advisory_xact_lock(hashtext('prune'), 'notes'::regclass::oid::int4)`.execute(
        tx,
      );
      expect(await prune()).toBe(0);
    });
    expect(await prune()).toBe(1);
  });

  it("leaves a row that a transaction has locked to the next run", async () => {
    await write([31, 32]);
    await db.transaction().execute(async (tx) => {
      await tx.selectFrom("notes").where("id", "=", 31).forUpdate().selectAll().execute();
      expect(await prune()).toBe(1);
    });
    expect(await read()).toEqual([31]);
  });

  it("removes each row once when two processes prune at the same time", async () => {
    await sql`
      insert into notes select id, 'a', now() - interval '40 days' from generate_series(1, 500) id`.execute(
      db,
    );
    const pruners = [0, 1].map(() =>
      startPruner(db, { tables: [notes], logger, intervalMs: 1, batchSize: 7 }),
    );
    await expect.poll(read, { timeout: 20_000 }).toEqual([]);
    await Promise.all(pruners.map((pruner) => pruner.close()));
    const removed = await Promise.all(pruners.map(readRemoved));
    expect(removed.reduce((sum, one) => sum + one, 0)).toBe(500);
  });

  it("prunes the other tables when one is missing, logs why, and counts", async () => {
    await write([5, 31]);
    const missing = { table: "missing", key: ["id"], since: "at", retentionDays: 1 };
    const pruner = startPruner(db, { tables: [missing, notes], logger, intervalMs: 1 });
    await expect.poll(read, { timeout: 20_000 }).toEqual([5]);
    await expect.poll(() => readSample(pruner, "oldest_seconds", "notes")).toBeCloseTo(432_000, -2);
    await pruner.close();
    expect(await readSample(pruner, "removed_total", "notes")).toBe(1);
    expect(await readSample(pruner, "failures_total", "missing")).toBeGreaterThan(0);
    expect(await readSample(pruner, "failures_total", "notes")).toBe(0);
    expect(await readSample(pruner, "oldest_seconds", "missing")).toBeUndefined();
    expect(JSON.stringify(lines)).toContain("old rows cannot be removed");
    await write([40]);
    expect(await read()).toEqual([5, 40]);
  });

  it("refuses options and retentions out of their bounds", () => {
    for (const retentionDays of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      const tables = [{ ...notes, retentionDays }];
      expect(start({ tables })).toThrow("the retention of notes must be above 0 days or never");
    }
    expect(start({ intervalMs: 0 })).toThrow("intervalMs must be above 0");
    expect(start({ batchSize: 0.5 })).toThrow("batchSize must be a whole number");
  });

  it("removes idempotency keys and tombstones that no call can repeat, and no others", async () => {
    const names = ["idempotency_keys", "idempotency_tombstones"] as const;
    for (const name of names) {
      await sql`
        insert into ${sql.table(name)} (key, created_at)
        select key, now() - days * interval '1 day'
        from (values ('young', 30), ('old', 91), ('open', 4000)) as ages (key, days)`.execute(db);
    }
    for (const longest of [31, 90, 0, Number.NaN]) {
      expect(() => listTables(longest)).toThrow("must exceed longestRecoveryDays");
    }
    for (const table of listTables(30))
      expect(await pruneTable(db, table, { batchSize: 1 })).toBe(1);
    for (const name of names) {
      const { rows } = await sql<{ key: string }>`
        select key from ${sql.table(name)} order by key`.execute(db);
      expect(rows.map(({ key }) => key)).toEqual(["open", "young"]);
    }
  });
});

type Pruner = ReturnType<typeof startPruner>;

async function readSample(pruner: Pruner, metric: string, table: string) {
  const metrics = await pruner.metrics();
  const samples = metrics.find(({ name }) => name === `fanfare_retention_${metric}`)?.samples;
  return samples?.find(({ labels }) => labels["table"] === table)?.value;
}

async function readRemoved(pruner: Pruner): Promise<number> {
  return (await readSample(pruner, "removed_total", "notes")) ?? 0;
}

function listTables(longestRecoveryDays: number): PrunedTable[] {
  return listIdempotencyTables({
    keys: 31,
    tombstones: 90,
    longestRecoveryDays,
    inUse: (key) => sql<boolean>`${key} = 'open'`,
  });
}

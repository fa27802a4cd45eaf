import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { sql } from "kysely";
import type { Migration } from "kysely/migration";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRecordedLogger } from "../../test/recorded-logger.ts";
import { type Database, openDatabase } from "./open-database.ts";

interface Tables {
  kysely_migration: { name: string };
  notes: { text: string };
}

const createTable = (name: string): Migration => ({
  async up(db) {
    await sql`create table ${sql.table(name)} (text text)`.execute(db);
  },
});
const first = { "001-notes": createTable("notes") };
const second = { ...first, "002-tags": createTable("tags") };
const third = { ...first, "003-marks": createTable("marks") };

const patience = { timeout: 60_000 };

describe("rollback", patience, () => {
  const { logger } = createRecordedLogger();
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  const open = (url: string, migrations: Record<string, Migration>): Database<Tables> =>
    openDatabase<Tables>({ url, name: "notes", migrations, logger });

  async function migrate(url: string, migrations: Record<string, Migration>): Promise<string[]> {
    await using database = open(url, migrations);
    await database.waitForMigrations();
    await database.assertReady();
    const rows = await database.db.selectFrom("kysely_migration").select("name").execute();
    return rows.map(({ name }) => name).toSorted();
  }

  it("is ready when newer migrations are applied", async () => {
    const url = await postgres.createDatabase("newer");
    expect(await migrate(url, second)).toEqual(["001-notes", "002-tags"]);
    expect(await migrate(url, first)).toEqual(["001-notes", "002-tags"]);
    expect(await migrate(url, second)).toEqual(["001-notes", "002-tags"]);
  });

  it("applies what a database of another version lacks, also before what it has", async () => {
    const url = await postgres.createDatabase("gap");
    await migrate(url, third);
    expect(await migrate(url, second)).toEqual(["001-notes", "002-tags", "003-marks"]);
  });

  it("is ready while a newer version migrates, and after it has failed to", async () => {
    const url = await postgres.createDatabase("failing");
    await migrate(url, first);
    const began = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    let attempts = 0;
    const failing: Migration = {
      async up(db) {
        attempts += 1;
        await sql`create table tags (text text)`.execute(db);
        began.resolve();
        await end.promise;
        throw new Error("out of luck");
      },
    };
    await using newer = open(url, { ...first, "002-tags": failing });
    await began.promise;
    expect(await migrate(url, first)).toEqual(["001-notes"]);
    end.resolve();
    await expect.poll(() => attempts, { timeout: 30_000 }).toBeGreaterThan(1);
    expect(await migrate(url, first)).toEqual(["001-notes"]);
    await expect(newer.assertReady()).rejects.toThrow("the migrations are not done: out of luck");
  });

  it("migrates once when old and new processes start at the same time", async () => {
    const url = await postgres.createDatabase("together");
    const starts = [second, first, third, first, second, third];
    const all = { ...second, ...third };
    await Promise.all(starts.map((migrations) => migrate(url, migrations)));
    expect(await migrate(url, first)).toEqual(Object.keys(all));
  });
});

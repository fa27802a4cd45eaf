import { isTransientDatabaseError } from "@fanfare/database-errors";
import { startPostgres, waitUntil } from "@fanfare/dev-stack";
import { sql } from "kysely";
import type { Migration } from "kysely/migration";
import { describe, expect, it } from "vitest";
import { createRecordedLogger } from "../../test/recorded-logger.ts";
import { toConnectError } from "../server/to-connect-error.ts";
import { openDatabase } from "./open-database.ts";

interface Tables {
  notes: { text: string };
}

const notes: Record<string, Migration> = {
  "001-notes": {
    async up(db) {
      await sql`create table notes (text text not null)`.execute(db);
      await sql`insert into notes values ('made once')`.execute(db);
    },
  },
};

const { logger, lines } = createRecordedLogger();
const options = { name: "notes", migrations: notes, logger };
const patience = { timeout: 60_000 };

describe("openDatabase()", patience, () => {
  it("migrates once when several processes start at the same time", async () => {
    await using postgres = await startPostgres();
    const url = await postgres.createDatabase("notes");
    const databases = Array.from({ length: 5 }, () => openDatabase<Tables>({ ...options, url }));
    await Promise.all(databases.map((database) => database.waitForMigrations()));
    for (const database of databases) {
      await database.assertReady();
      expect(await database.db.selectFrom("notes").selectAll().execute()).toHaveLength(1);
    }
    await Promise.all(databases.map((database) => database.close()));
  });

  it("is not ready until PostgreSQL starts, then migrates", async () => {
    await using postgres = await startPostgres();
    const url = await postgres.createDatabase("notes");
    await postgres.kill();
    await using database = openDatabase<Tables>({ ...options, url });
    await expect(database.waitForMigrations({ timeoutMs: 300 })).rejects.toThrow("are not done");
    await expect(database.assertReady()).rejects.toThrow("ECONNREFUSED");
    await postgres.start();
    await database.waitForMigrations();
    await database.assertReady();
    expect(await database.db.selectFrom("notes").selectAll().execute()).toHaveLength(1);
  });

  it("survives a restart of PostgreSQL, and is unavailable meanwhile", async () => {
    await using postgres = await startPostgres();
    await using database = openDatabase<Tables>({
      ...options,
      url: await postgres.createDatabase("notes"),
    });
    await database.waitForMigrations();
    const begun = Promise.withResolvers<void>();
    const killed = Promise.withResolvers<void>();
    const work = database.db.transaction().execute(async (tx) => {
      await tx.insertInto("notes").values({ text: "lost" }).execute();
      begun.resolve();
      await killed.promise;
      await tx.insertInto("notes").values({ text: "lost" }).execute();
    });
    await begun.promise;
    await postgres.kill();
    killed.resolve();
    const error: unknown = await work.catch((reason: unknown) => reason);
    expect(error).toSatisfy(isTransientDatabaseError);
    expect(toConnectError(error).rawMessage).toContain("call again");
    await expect(database.assertReady()).rejects.toSatisfy(isTransientDatabaseError);

    await postgres.start();
    await waitUntil(() => database.assertReady().then(() => true), { what: "the database" });
    expect(await database.db.selectFrom("notes").selectAll().execute()).toHaveLength(1);
  });

  it("cancels a statement that exceeds its timeout", async () => {
    await using postgres = await startPostgres();
    await using database = openDatabase<Tables>({
      ...options,
      url: await postgres.createDatabase("notes"),
      statementTimeoutMs: 100,
    });
    await database.waitForMigrations();
    const slow = sql`select pg_sleep(60)`.execute(database.db);
    await expect(slow).rejects.toSatisfy(isTransientDatabaseError);
    await database.assertReady();
  });

  it("logs which migration fails and why, and retries it", async () => {
    await using postgres = await startPostgres();
    let attempts = 0;
    const migrations: Record<string, Migration> = {
      "001-broken": {
        async up(db) {
          attempts += 1;
          if (attempts < 3) await sql`select * from nowhere`.execute(db);
        },
      },
    };
    await using database = openDatabase<Tables>({
      ...options,
      migrations,
      url: await postgres.createDatabase("broken"),
    });
    await database.waitForMigrations();
    expect(attempts).toBe(3);
    const failures = lines.filter(({ msg }) => String(msg).includes("migrations failed"));
    expect(JSON.stringify(failures)).toContain('relation \\"nowhere\\" does not exist');
  });

  it("closes while PostgreSQL is down", async () => {
    const database = openDatabase<Tables>({ ...options, url: "postgres://x:y@127.0.0.1:1/x" });
    await database.close();
    await expect(database.assertReady()).rejects.toThrow("migrations are not done");
  });
});

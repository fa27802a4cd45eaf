import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { createLogger, type Database, openDatabase } from "@fanfare/service";
import type { Kysely } from "kysely";

/** A migrated database on a PostgreSQL server of its own. Disposing it stops the server. */
export interface TestDatabase<DB> extends AsyncDisposable {
  readonly db: Kysely<DB>;
  /** The handle that `db` belongs to. */
  readonly database: Database<DB>;
  /** The URL of the database, for another connection. */
  readonly url: string;
  /** The server, to kill and start it again. */
  readonly postgres: Postgres;
}

/** Options of `openTestDatabase`. */
export interface TestDatabaseOptions {
  /** The name of the database. */
  readonly name: string;
  readonly migrations: Parameters<typeof openDatabase>[0]["migrations"];
}

/** Starts a PostgreSQL server, creates a database and applies its migrations. */
export async function openTestDatabase<DB>(
  options: TestDatabaseOptions,
): Promise<TestDatabase<DB>> {
  const { name, migrations } = options;
  const postgres = await startPostgres();
  const url = await postgres.createDatabase(name);
  const logger = createLogger({ name, level: "silent" });
  const database = openDatabase<DB>({ url, name, migrations, logger });
  await database.waitForMigrations();
  return {
    db: database.db,
    database,
    url,
    postgres,
    async [Symbol.asyncDispose]() {
      await database.close();
      await postgres.stop();
    },
  };
}

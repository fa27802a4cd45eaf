import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { createLogger, type Database, openDatabase } from "@fanfare/service";
import { migrations } from "../src/registry/migrations.ts";
import { createRegistry, type Registry } from "../src/registry/store.ts";
import type { TripsDatabase } from "../src/registry/tables.ts";

/** TestRegistry is a registry in a database of its own. */
export interface TestRegistry extends AsyncDisposable {
  readonly registry: Registry;
  readonly database: Database<TripsDatabase>;
  readonly postgres: Postgres;
  readonly url: string;
}

/** openTestRegistry starts PostgreSQL and makes the tables. */
export async function openTestRegistry(): Promise<TestRegistry> {
  const postgres = await startPostgres();
  const url = await postgres.createDatabase("trips");
  const logger = createLogger({ name: "trips-test", level: "silent" });
  const database = openDatabase<TripsDatabase>({ url, name: "trips-test", migrations, logger });
  await database.waitForMigrations();
  return {
    registry: createRegistry(database.db),
    database,
    postgres,
    url,
    async [Symbol.asyncDispose]() {
      await database.close();
      await postgres.stop();
    },
  };
}

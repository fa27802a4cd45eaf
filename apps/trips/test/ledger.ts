import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { createLogger, type Database, openDatabase } from "@fanfare/service";
import { migrations } from "../src/migrations.ts";
import { createLedger, type Ledger } from "../src/store.ts";
import type { TripsDatabase } from "../src/tables.ts";

/** TestLedger is a ledger in a database of its own. */
export interface TestLedger extends AsyncDisposable {
  readonly ledger: Ledger;
  readonly database: Database<TripsDatabase>;
  readonly postgres: Postgres;
  readonly url: string;
}

/** openTestLedger starts PostgreSQL and makes the tables. */
export async function openTestLedger(): Promise<TestLedger> {
  const postgres = await startPostgres();
  const url = await postgres.createDatabase("trips");
  const logger = createLogger({ name: "trips-test", level: "silent" });
  const database = openDatabase<TripsDatabase>({ url, name: "trips-test", migrations, logger });
  await database.migrated();
  return {
    ledger: createLedger(database.db),
    database,
    postgres,
    url,
    async [Symbol.asyncDispose]() {
      await database.close();
      await postgres.stop();
    },
  };
}

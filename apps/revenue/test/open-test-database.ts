import { startPostgres } from "@fanfare/dev-stack";
import { createLogger, openDatabase } from "@fanfare/service";
import type { Kysely } from "kysely";
import { migrations } from "../src/migrations.ts";
import type { RevenueDatabase } from "../src/tables.ts";

export interface TestDatabase extends AsyncDisposable {
  readonly db: Kysely<RevenueDatabase>;
}

/** openTestDatabase starts a PostgreSQL of its own and makes the tables. */
export async function openTestDatabase(): Promise<TestDatabase> {
  const postgres = await startPostgres();
  const logger = createLogger({ name: "revenue", level: "silent" });
  const url = await postgres.createDatabase("revenue");
  const database = openDatabase<RevenueDatabase>({ url, name: "revenue", migrations, logger });
  await database.migrated();
  return {
    db: database.db,
    async [Symbol.asyncDispose]() {
      await database.close();
      await postgres.stop();
    },
  };
}

import { startPostgres } from "@fanfare/dev-stack";
import { createLogger, openDatabase } from "@fanfare/service";
import type { Kysely } from "kysely";
import { migrations } from "../src/migrations.ts";
import type { NotificationsDatabase } from "../src/tables.ts";

export interface TestDatabase extends AsyncDisposable {
  readonly db: Kysely<NotificationsDatabase>;
}

/** openTestDatabase starts a PostgreSQL of its own and makes the tables. */
export async function openTestDatabase(): Promise<TestDatabase> {
  const postgres = await startPostgres();
  const logger = createLogger({ name: "notifications", level: "silent" });
  const url = await postgres.createDatabase("notifications");
  const database = openDatabase<NotificationsDatabase>({
    url,
    name: "notifications",
    migrations,
    logger,
  });
  await database.migrated();
  return {
    db: database.db,
    async [Symbol.asyncDispose]() {
      await database.close();
      await postgres.stop();
    },
  };
}

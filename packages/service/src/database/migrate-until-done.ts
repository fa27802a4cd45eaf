import { setTimeout as sleep } from "node:timers/promises";
import { Kysely, PostgresDialect } from "kysely";
import type { Migration } from "kysely/migration";
import { Migrator } from "kysely/migration";
import type { Pool } from "pg";
import type { Logger } from "../process/create-logger.ts";

/** MigrateOptions say what is migrated and how one hears of it. */
export interface MigrateOptions {
  /** Makes a pool of one connection without a statement timeout: a migration may take long. */
  readonly createPool: () => Pool;
  readonly migrations: Readonly<Record<string, Migration>>;
  readonly logger: Logger;
  /** Ends the trying; what is running is finished. */
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
}

const firstDelayMs = 100;
const longestDelayMs = 5000;

/** migrateUntilDone migrates under Kysely's lock, again and again until it works or is stopped. It never throws. */
export async function migrateUntilDone(options: MigrateOptions): Promise<void> {
  const { logger, signal } = options;
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      await migrate(options);
      return;
    } catch (error) {
      options.onError(error);
      const delayMs = backoff(attempt);
      logger.warn({ err: error, attempt, delayMs }, "migrations failed and will be tried again");
      await sleep(delayMs, undefined, { signal }).catch(() => {});
    }
  }
}

async function migrate({ createPool, migrations, logger }: MigrateOptions): Promise<void> {
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: createPool() }) });
  try {
    const provider = { getMigrations: async () => ({ ...migrations }) };
    const { error, results } = await new Migrator({ db, provider }).migrateToLatest();
    if (error !== undefined) throw error;
    const names = (results ?? []).map((result) => result.migrationName);
    logger.info({ migrations: names }, "migrations are done");
  } finally {
    await db.destroy();
  }
}

function backoff(attempt: number): number {
  const full = Math.min(longestDelayMs, firstDelayMs * 2 ** (attempt - 1));
  return Math.round(full * (0.5 + Math.random() / 2));
}

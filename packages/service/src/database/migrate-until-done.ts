import { setTimeout as sleep } from "node:timers/promises";
import { Kysely } from "kysely";
import type { Pool } from "pg";
import type { Logger } from "../process/create-logger.ts";
import { notify } from "../process/notify.ts";
import { applyMigrations, createMigrationDialect, type Migrations } from "./apply-migrations.ts";

/** The migrations of a database, and how they are run. */
export interface MigrateOptions {
  /** Creates a pool of one connection without a statement timeout: a migration may take long. */
  readonly createPool: () => Pool;
  readonly migrations: Migrations;
  readonly logger: Logger;
  /** Ends the retries. A running migration finishes. */
  readonly signal: AbortSignal;
  /** Called with the error of each failed attempt. */
  readonly onError: (error: unknown) => void;
}

const initialIntervalMs = 100;
const maxIntervalMs = 5000;

/**
 * Applies the migrations, and retries with backoff until they are done or the signal aborts. Never
 * rejects.
 */
export async function migrateUntilDone(options: MigrateOptions): Promise<void> {
  const { logger, signal } = options;
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      await migrate(options);
      return;
    } catch (error) {
      notify(options.onError, [error]);
      const delayMs = computeBackoff(attempt);
      logger.warn({ err: error, attempt, delayMs }, "migrations failed and will be retried");
      await sleep(delayMs, undefined, { signal }).catch(() => {});
    }
  }
}

async function migrate({ createPool, migrations, logger }: MigrateOptions): Promise<void> {
  const db = new Kysely<unknown>({ dialect: createMigrationDialect({ pool: createPool() }) });
  try {
    const applied = await applyMigrations(db, migrations);
    logger.info({ migrations: applied }, "migrations are done");
  } finally {
    await db.destroy();
  }
}

function computeBackoff(attempt: number): number {
  const nominal = Math.min(maxIntervalMs, initialIntervalMs * 2 ** (attempt - 1));
  return Math.round(nominal * (0.5 + Math.random() / 2));
}

import type { Dialect, DialectAdapter, Kysely, PostgresDialectConfig, Transaction } from "kysely";
import { PostgresAdapter, PostgresDialect, sql } from "kysely";
import type { Migration } from "kysely/migration";
import { Migrator } from "kysely/migration";

/** The migrations of a database, by name. */
export type Migrations = Readonly<Record<string, Migration>>;

/** The key of Kysely's own lock, so that older processes, which take that one, are excluded, too. */
const lockKey = "3853314791062309107";
const lockTimeoutMs = 5000;

/**
 * Applies the migrations that the database lacks, in the order of their names and in one transaction.
 * Returns their names. The database may have others, of a newer or another version of the program: they
 * stay. `db` is of `createMigrationDialect`.
 */
export async function applyMigrations(
  db: Kysely<unknown>,
  migrations: Migrations,
): Promise<readonly string[]> {
  const missing = (applied: ReadonlySet<string>) =>
    Object.keys(migrations).some((name) => !applied.has(name));
  // Needs no lock, which another version may hold for long.
  if (!missing(await readApplied(db))) return [];
  return await db.transaction().execute(async (tx) => {
    await takeLock(tx);
    const applied = await readApplied(tx);
    if (!missing(applied)) return [];
    // Kysely refuses a database that has migrations unknown to it.
    const others = [...applied].filter((name) => !Object.hasOwn(migrations, name));
    const known = { ...migrations, ...Object.fromEntries(others.map((name) => [name, nothing])) };
    const migrator = new Migrator({
      db: tx,
      provider: { getMigrations: async () => known },
      allowUnorderedMigrations: true,
    });
    const { error, results = [] } = await migrator.migrateToLatest();
    if (error !== undefined) throw error;
    return results.map(({ migrationName }) => migrationName);
  });
}

const nothing: Migration = { up: async () => {} };

async function readApplied(db: Kysely<unknown>): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ found: boolean }>`
    select to_regclass('kysely_migration') is not null as found`.execute(db);
  if (rows[0]?.found !== true) return new Set();
  const names = await sql<{ name: string }>`select name from kysely_migration`.execute(db);
  return new Set(names.rows.map(({ name }) => name));
}

/** Rejects after 5 s, so that the caller reports that it waits, and tries again. */
async function takeLock(tx: Transaction<unknown>): Promise<void> {
  await sql`select set_config('lock_timeout', ${String(lockTimeoutMs)}, true)`.execute(tx);
  await sql`select pg_advisory_xact_lock(${sql.lit(lockKey)}::bigint)`.execute(tx);
  await sql`select set_config('lock_timeout', '0', true)`.execute(tx);
}

/**
 * Creates a dialect for `applyMigrations`, whose transaction holds the lock. Kysely's own lock belongs to
 * a session, which a pooler shares between processes.
 */
export function createMigrationDialect(config: PostgresDialectConfig): Dialect {
  return new (class extends PostgresDialect {
    override createAdapter(): DialectAdapter {
      return new (class extends PostgresAdapter {
        override acquireMigrationLock = async () => {};
        override releaseMigrationLock = async () => {};
      })();
    }
  })(config);
}

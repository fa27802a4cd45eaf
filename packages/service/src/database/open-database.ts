import { setTimeout as sleep } from "node:timers/promises";
import { Kysely, PostgresDialect, sql } from "kysely";
import type { Migration } from "kysely/migration";
import type { PoolConfig } from "pg";
import { Pool } from "pg";
import type { Logger } from "../process/create-logger.ts";
import { formatReason } from "../process/format-reason.ts";
import { createConnectionPool } from "./connection-pool.ts";
import { createClientClass } from "./create-client-class.ts";
import { migrateUntilDone } from "./migrate-until-done.ts";
import { createTransactionDialect } from "./transaction-dialect.ts";

/** The address of a database, its migrations and its limits. */
export interface DatabaseOptions {
  /**
   * `postgres://role:password@host:port/database`. A function is called for each connection, and at most
   * once a second for those that are open, so that the address, its role and its password may change;
   * certificates that the address names are read again, too.
   */
  readonly url: string | (() => string);
  /**
   * "transaction" for an address of PgBouncer in transaction mode, or of another pooler that shares
   * connections between transactions. The timeouts are then set in each transaction; for a statement
   * outside of one, set them on the role. Default: "none".
   */
  readonly pooler?: "none" | "transaction";
  /** The application name that PostgreSQL lists with its connections. */
  readonly name: string;
  /**
   * The migrations, each run once, in the order of their names. The database may have others, of a newer
   * version.
   */
  readonly migrations: Readonly<Record<string, Migration>>;
  readonly logger: Logger;
  /** The size of the connection pool. Default: 10. */
  readonly maxConnections?: number;
  /** The timeout of a statement, in milliseconds. Default: 10,000. */
  readonly statementTimeoutMs?: number;
}

/** The database of a process. */
export interface Database<DB> extends AsyncDisposable {
  readonly db: Kysely<DB>;
  /**
   * Rejects with the reason while PostgreSQL cannot be reached, is read-only, or the migrations are not
   * done.
   */
  assertReady(): Promise<void>;
  /**
   * Resolves once all migrations are done. Rejects with the last error after `timeoutMs` (default:
   * 30,000).
   */
  waitForMigrations(options?: { readonly timeoutMs?: number }): Promise<void>;
  /** Ends the migration retries and closes the connections. */
  close(): Promise<void>;
}

const connectTimeoutMs = 3000;

/**
 * Opens a PostgreSQL database and migrates it in the background. Returns at once, also while
 * PostgreSQL is unavailable, and reconnects when it returns or when another server is the primary.
 *
 * @example
 * const database = openDatabase<{ notes: { text: string } }>({
 *   url: "postgres://notes:secret@127.0.0.1:5433/notes",
 *   name: "notes",
 *   migrations,
 *   logger,
 * });
 * await database.waitForMigrations();
 * await database.db.insertInto("notes").values({ text: "hello" }).execute();
 */
export function openDatabase<DB>(options: DatabaseOptions): Database<DB> {
  const { logger, statementTimeoutMs = 10_000 } = options;
  const clients = createClientClass(options.url);
  const settings = {
    statement_timeout: statementTimeoutMs,
    lock_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: 3 * statementTimeoutMs,
  };
  const pooled = options.pooler === "transaction";
  const pool = createPool(options, {
    Client: clients.Client,
    max: options.maxConnections ?? 10,
    // A pooler refuses settings at the start of a connection.
    ...(pooled ? {} : settings),
    // Also in the client, for a server that stops answering.
    query_timeout: statementTimeoutMs + 1000,
  });
  const connections = createConnectionPool(pool, clients);
  const config = { pool: connections };
  const db = new Kysely<DB>({
    dialect: pooled ? createTransactionDialect(config, settings) : new PostgresDialect(config),
  });
  const stop = new AbortController();
  let lastError: unknown = new Error("the migrations have not started");
  let done = false;
  const migrating = migrate();

  async function migrate(): Promise<void> {
    await migrateUntilDone({
      createPool: () => createPool(options, { Client: clients.Client, max: 1 }),
      migrations: options.migrations,
      logger,
      signal: stop.signal,
      onError(error) {
        lastError = error;
      },
    });
    done = !stop.signal.aborted;
  }

  async function close(): Promise<void> {
    if (stop.signal.aborted) return;
    stop.abort();
    await migrating;
    await db.destroy();
  }

  return {
    db,
    async assertReady() {
      if (!done) throw new Error(`the migrations are not done: ${formatReason(lastError)}`);
      // The settings of the session, of the server, and a standby all make a transaction read-only.
      const { rows } = await sql<{ read_only: string }>`
        select current_setting('transaction_read_only') as read_only`.execute(db);
      if (rows[0]?.read_only !== "on") return;
      connections.replaceConnections();
      throw new Error(
        "the database is read-only: connect to the primary, or turn default_transaction_read_only off",
      );
    },
    async waitForMigrations({ timeoutMs = 30_000 } = {}) {
      const timer = new AbortController();
      const expired = sleep(timeoutMs, undefined, { signal: timer.signal }).catch(() => {});
      await Promise.race([migrating, expired]);
      timer.abort();
      if (!done) throw new Error("the migrations are not done", { cause: lastError });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function createPool({ name, logger }: DatabaseOptions, config: PoolConfig): Pool {
  const pool = new Pool({
    application_name: name,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    ...config,
  });
  // A connection that is lost between two statements emits "error", which ends the process without a
  // listener. The pool listens to idle connections only.
  const onLost = (error: Error) => logger.warn({ err: error }, "lost a database connection");
  pool.on("error", onLost);
  pool.on("connect", (client) => client.on("error", onLost));
  return pool;
}

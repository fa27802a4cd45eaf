import { setTimeout as sleep } from "node:timers/promises";
import { Kysely, PostgresDialect, sql } from "kysely";
import type { Migration } from "kysely/migration";
import type { PoolConfig } from "pg";
import { Client, Pool } from "pg";
import type { Logger } from "../process/create-logger.ts";
import { migrateUntilDone } from "./migrate-until-done.ts";

/** DatabaseOptions say which database is opened and what it has to look like. */
export interface DatabaseOptions {
  /** postgres://role:password@host:port/database */
  readonly url: string;
  /** Shown in the server's list of connections. */
  readonly name: string;
  /** Run in the order of their names, each once. */
  readonly migrations: Readonly<Record<string, Migration>>;
  readonly logger: Logger;
  /** The most connections; 10 by default. */
  readonly maxConnections?: number;
  /** How long one statement may take, in ms; 10 s by default. */
  readonly statementTimeoutMs?: number;
}

/** Database is a process's own database. */
export interface Database<DB> extends AsyncDisposable {
  readonly db: Kysely<DB>;
  /** ready rejects with the reason while the server cannot be reached or migrations are not done. */
  assertReady(): Promise<void>;
  /** migrated resolves once all migrations are done; it rejects with the last error after timeoutMs (30 s). */
  waitForMigrations(options?: { readonly timeoutMs?: number }): Promise<void>;
  /** client makes a connection beside the pool, not open yet, for what no pool can do, such as LISTEN. */
  createClient(): Client;
  /** close gives up on what is waiting and closes the connections. */
  close(): Promise<void>;
}

const connectTimeoutMs = 3000;

/**
 * openDatabase connects to PostgreSQL and brings its tables up to date in the background. It returns
 * at once: the server may come later, go away and come back.
 */
export function openDatabase<DB>(options: DatabaseOptions): Database<DB> {
  const { logger, statementTimeoutMs = 10_000 } = options;
  const pool = createPool(options, {
    max: options.maxConnections ?? 10,
    statement_timeout: statementTimeoutMs,
    lock_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: 3 * statementTimeoutMs,
    // On this side too, for a server that no longer answers.
    query_timeout: statementTimeoutMs + 1000,
  });
  const db = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });
  const stop = new AbortController();
  let lastError: unknown = new Error("the migrations have not begun");
  let done = false;
  const migrating = migrate();

  async function migrate(): Promise<void> {
    await migrateUntilDone({
      createPool: () => createPool(options, { max: 1 }),
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
      if (!done) throw new Error(`the migrations are not done: ${messageOf(lastError)}`);
      await sql`select 1`.execute(db);
    },
    async waitForMigrations({ timeoutMs = 30_000 } = {}) {
      const timer = new AbortController();
      const late = sleep(timeoutMs, undefined, { signal: timer.signal }).catch(() => {});
      await Promise.race([migrating, late]);
      timer.abort();
      if (!done) throw new Error("the migrations are not done", { cause: lastError });
    },
    createClient: () =>
      new Client({
        connectionString: options.url,
        application_name: options.name,
        connectionTimeoutMillis: connectTimeoutMs,
        keepAlive: true,
      }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function createPool({ url, name, logger }: DatabaseOptions, config: PoolConfig): Pool {
  const pool = new Pool({
    connectionString: url,
    application_name: name,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    ...config,
  });
  // A connection that is lost while nobody is asking it anything raises an event, and an event that
  // nobody listens to ends the process. The pool listens to idle connections only.
  const onLost = (error: Error) => logger.warn({ err: error }, "a database connection was lost");
  pool.on("error", onLost);
  pool.on("connect", (client) => client.on("error", onLost));
  return pool;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

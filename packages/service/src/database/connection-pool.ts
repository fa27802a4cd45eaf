import { isDatabaseUnavailable, readErrorCode } from "@fanfare/database-errors";
import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from "kysely";
import type { Pool, PoolClient } from "pg";
import { notify } from "../process/notify.ts";
import type { DatabaseClients } from "./create-client-class.ts";

/** A pool that does not keep connections to a database that became unavailable. */
export interface ConnectionPool extends PostgresPool {
  /**
   * Replaces all connections that are open now, each before its next use. Replaces them at most once a
   * second.
   */
  replaceConnections(): void;
}

const readOnly = "25006";
const replaceIntervalMs = 1000;

/**
 * Creates a pool that drops each connection on which a statement found the database unavailable. A
 * read-only database is the old primary of a failover, to which every open connection leads: all are
 * replaced. A connection that was opened with an earlier address, such as another login, is replaced before
 * its next use.
 */
export function createConnectionPool(pool: Pool, clients: DatabaseClients): ConnectionPool {
  const openedAt = new WeakMap<PoolClient, number>();
  const connections = new WeakMap<PoolClient, PostgresPoolClient>();
  let replacedAt = Number.NEGATIVE_INFINITY;
  pool.on("connect", (client) => openedAt.set(client, performance.now()));

  function replaceConnections(): void {
    const now = performance.now();
    if (now - replacedAt >= replaceIntervalMs) replacedAt = now;
  }

  function isOutdated(client: PoolClient): boolean {
    return (openedAt.get(client) ?? 0) < replacedAt || !clients.isCurrent(client);
  }

  function onUnavailable(error: unknown): void {
    if (readErrorCode(error) === readOnly) replaceConnections();
  }

  return {
    Client: clients.Client,
    options: pool.options,
    replaceConnections,
    end: () => pool.end(),
    async connect() {
      let client = await pool.connect();
      while (isOutdated(client)) {
        client.release(true);
        client = await pool.connect();
      }
      const connection = connections.get(client) ?? watchConnection(client, onUnavailable);
      connections.set(client, connection);
      return connection;
    },
  };
}

/** Wraps a connection. Its release drops it once a statement has found the database unavailable. */
function watchConnection(
  client: PostgresPoolClient,
  onUnavailable: (error: unknown) => void,
): PostgresPoolClient {
  let lost = false;

  async function watch<R>(running: Promise<R>): Promise<R> {
    try {
      return await running;
    } catch (error) {
      if (isDatabaseUnavailable(error)) {
        lost = true;
        notify(onUnavailable, [error]);
      }
      throw error;
    }
  }

  function query<R>(text: string, values: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  function query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  function query<R>(text: string | PostgresCursor<R>, values: readonly unknown[] = []) {
    return typeof text === "string" ? watch(client.query<R>(text, values)) : client.query(text);
  }

  return {
    get processID() {
      return client.processID ?? 0;
    },
    query,
    release: (destroy = false) => client.release(destroy || lost),
  };
}

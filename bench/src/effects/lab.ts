import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Delivery } from "@fanfare/bus";
import { startPostgres } from "@fanfare/dev-stack";
import { inboxMigration, outboxKeysMigration, outboxMigration } from "@fanfare/outbox";
import { Kysely, PostgresDialect, sql } from "kysely";
import { Pool } from "pg";

/** A table of effects, in addition to inbox and outbox. */
export interface EffectsDatabase {
  readonly effects: { readonly note: string };
}

/** A PostgreSQL server that syncs every commit, as in production. */
export interface Lab extends AsyncDisposable {
  /** Opens a pool of this many connections. */
  connect(connections: number): Kysely<EffectsDatabase>;
}

/** Starts the server and creates the tables. */
export async function openLab(): Promise<Lab> {
  const stack = new AsyncDisposableStack();
  const data = await mkdtemp(join(tmpdir(), "fanfare-bench-"));
  stack.defer(() => rm(data, { recursive: true, force: true, maxRetries: 5 }));
  const server = stack.use(await startPostgres({ data }));
  const url = await server.createDatabase("effects");
  const pools: Kysely<EffectsDatabase>[] = [];
  stack.defer(async () => void (await Promise.all(pools.map((pool) => pool.destroy()))));
  function connect(connections: number): Kysely<EffectsDatabase> {
    const pool = new Pool({ connectionString: url, max: connections, min: connections });
    // A server that stops sends an error to its idle connections.
    pool.on("error", () => {});
    pool.on("connect", (client) => client.on("error", () => {}));
    const db = new Kysely<EffectsDatabase>({ dialect: new PostgresDialect({ pool }) });
    pools.push(db);
    return db;
  }
  const db = connect(1);
  await inboxMigration.up(db);
  await outboxMigration.up(db);
  await outboxKeysMigration.up(db);
  await sql`create table effects (note text not null)`.execute(db);
  return { connect, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Creates the delivery of a new event. */
export function createDelivery(): Delivery {
  return {
    group: "bench",
    id: crypto.randomUUID(),
    topic: "notes.written",
    key: undefined,
    attempt: 1,
    redelivered: false,
    time: new Date(),
    source: "bench",
    attributes: {},
    headers: {},
    signal: new AbortController().signal,
  };
}

/** Calls `act` `count` times, `atOnce` at a time, and returns the calls per second. */
export async function measureRate(
  { count, atOnce }: { readonly count: number; readonly atOnce: number },
  act: () => Promise<unknown>,
): Promise<number> {
  let left = count;
  const began = performance.now();
  async function loop(): Promise<void> {
    while (left > 0) {
      left -= 1;
      await act();
    }
  }
  await Promise.all(Array.from({ length: atOnce }, loop));
  return (count * 1_000) / (performance.now() - began);
}

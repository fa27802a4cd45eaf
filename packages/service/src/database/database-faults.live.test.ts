import { createServer, connect as openSocket, type Socket } from "node:net";
import { Code } from "@connectrpc/connect";
import { type Postgres, startPostgres, waitUntil } from "@fanfare/dev-stack";
import { sql } from "kysely";
import type { Migration } from "kysely/migration";
import { Client } from "pg";
import { describe, expect, it } from "vitest";
import { createRecordedLogger } from "../../test/recorded-logger.ts";
import { toConnectError } from "../server/to-connect-error.ts";
import { type Database, openDatabase } from "./open-database.ts";

interface Tables {
  notes: { text: string };
}

const migrations: Record<string, Migration> = {
  "001-notes": {
    async up(db) {
      await sql`create table notes (text text not null)`.execute(db);
    },
  },
};

const { logger } = createRecordedLogger();
const patience = { timeout: 60_000 };

async function openNotes(url: string): Promise<Database<Tables>> {
  const database = openDatabase<Tables>({ url, name: "notes", migrations, logger });
  await database.waitForMigrations();
  return database;
}

async function administer(postgres: Postgres, ...statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: postgres.adminUrl });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

/** Writes one note, and returns the code with which a route would refuse the call. */
async function write({ db }: Database<Tables>): Promise<string> {
  try {
    await db.transaction().execute((tx) => tx.insertInto("notes").values({ text: "x" }).execute());
    return "ok";
  } catch (error) {
    return Code[toConnectError(error).code] ?? "";
  }
}

async function isReady(database: Database<Tables>): Promise<boolean> {
  return await database.assertReady().then(
    () => true,
    () => false,
  );
}

async function countConnections({ db }: Database<Tables>): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int from pg_stat_activity where application_name = 'notes'`.execute(db);
  return rows[0]?.count ?? 0;
}

describe("readiness: a read-only database", patience, () => {
  it("is unavailable and not ready while read-only, and recovers", async () => {
    await using postgres = await startPostgres();
    await using database = await openNotes(await postgres.createDatabase("notes"));
    await Promise.all(Array.from({ length: 8 }, () => write(database)));
    const setReadOnly = (value: string) =>
      administer(
        postgres,
        `alter system set default_transaction_read_only = ${value}`,
        "select pg_reload_conf()",
      );
    await setReadOnly("on");
    await waitUntil(async () => (await write(database)) === "Unavailable", { what: "read-only" });
    await expect(database.assertReady()).rejects.toThrow("the database is read-only");
    expect(await countConnections(database)).toBe(1);
    await setReadOnly("off");
    await waitUntil(() => isReady(database), { what: "the database to be ready" });
    expect(await write(database)).toBe("ok");
  });

  it("leaves the old primary after a failover, without a write that finds out", async () => {
    await using old = await startPostgres();
    await using promoted = await startPostgres();
    const url = new URL(await old.createDatabase("notes"));
    await promoted.createDatabase("notes");
    await administer(promoted, `alter role notes_a password '${url.password}'`);
    let target = Number(new URL(old.adminUrl).port);
    await using address = await startVirtualAddress(() => target);
    url.port = String(address.port);
    await using database = await openNotes(url.href);
    await using other = await openNotes(
      Object.assign(new URL(url), { port: new URL(promoted.adminUrl).port }).href,
    );
    expect(await write(database)).toBe("ok");
    target = Number(new URL(promoted.adminUrl).port);
    await administer(
      old,
      "alter system set default_transaction_read_only = on",
      "select pg_reload_conf()",
    );
    const hasMoved = async () => (await isReady(database)) && (await countConnections(other)) > 1;
    await waitUntil(hasMoved, { what: "a connection to the new primary" });
    expect(await write(database)).toBe("ok");
    expect(await other.db.selectFrom("notes").selectAll().execute()).toHaveLength(1);
  });
});

describe("readiness: a database that refuses connections", patience, () => {
  it("is unavailable over the connection limit of its role, and recovers", async () => {
    await using postgres = await startPostgres();
    await using database = await openNotes(await postgres.createDatabase("notes"));
    await administer(
      postgres,
      "alter role notes_a connection limit 0",
      "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'notes_a'",
    );
    await waitUntil(async () => !(await isReady(database)), { what: "the limit" });
    expect(await write(database)).toBe("Unavailable");
    await administer(postgres, "alter role notes_a connection limit -1");
    await waitUntil(() => isReady(database), { what: "the database to be ready" });
    expect(await write(database)).toBe("ok");
  });

  it("is unavailable while PostgreSQL is killed and starts again", async () => {
    await using postgres = await startPostgres();
    await using database = await openNotes(await postgres.createDatabase("notes"));
    await postgres.kill("SIGKILL");
    expect(await write(database)).toBe("Unavailable");
    expect(await isReady(database)).toBe(false);
    await postgres.start();
    await waitUntil(() => isReady(database), { what: "the database to be ready" });
    expect(await write(database)).toBe("ok");
  });
});

/** Starts an address that forwards each new connection to the port that `target` returns. */
async function startVirtualAddress(
  target: () => number,
): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer((incoming) => {
    const outgoing = openSocket(target(), "127.0.0.1");
    for (const [one, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(one);
      one.on("error", () => {}).on("close", () => other.destroy());
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

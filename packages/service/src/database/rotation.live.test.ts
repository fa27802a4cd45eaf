import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres, waitUntil } from "@fanfare/dev-stack";
import { sql } from "kysely";
import { Client } from "pg";
import { expect, it } from "vitest";
import { createRecordedLogger } from "../../test/recorded-logger.ts";
import { readConfig } from "../config/load-config.ts";
import { databaseVariables } from "../config/standard-variables.ts";
import { openDatabase } from "./open-database.ts";

it("rotation: takes a changed DATABASE_URL_FILE for new connections, without a restart", {
  timeout: 60_000,
}, async () => {
  const { logger } = createRecordedLogger();
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "rotation-"));
  stack.defer(() => rmSync(folder, { recursive: true }));
  const postgres = stack.use(await startPostgres());
  const url = new URL(await postgres.createDatabase("notes"));
  const file = join(folder, "database-url");
  writeFileSync(file, `${url.href}\n`);
  const spec = { name: "notes", about: "Notes.", variables: databaseVariables };
  const config = readConfig(spec, { DATABASE_URL_FILE: file });
  if (!config.ok) throw new Error(config.problems.join());
  const database = stack.use(
    openDatabase({ url: config.values.databaseUrl, name: "notes", migrations: {}, logger }),
  );
  const isReady = () => database.assertReady().then(() => true);
  await waitUntil(isReady, { what: "the database" });

  const administrator = new Client({ connectionString: postgres.adminUrl });
  await administrator.connect();
  await administrator.query("alter role notes_a password 'second'");
  await administrator.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'notes_a'",
  );
  await administrator.end();
  await waitUntil(() => isReady().catch((error: Error) => error.message.includes("password")), {
    what: "the old password to be refused",
  });
  await expect(database.assertReady()).rejects.toThrow("password authentication failed");

  // Halfway through a replacement, the last valid address stays in use.
  writeFileSync(file, "post");
  await expect(database.assertReady()).rejects.toThrow("password authentication failed");

  url.password = "second";
  writeFileSync(file, url.href);
  await waitUntil(isReady, { what: "the new password" });
  await sql`select 1`.execute(database.db);
});

it("rotation: moves every connection in use to another login, and refuses no statement", {
  timeout: 60_000,
}, async () => {
  const { logger } = createRecordedLogger();
  await using stack = new AsyncDisposableStack();
  const postgres = stack.use(await startPostgres());
  const url = new URL(await postgres.createDatabase("notes"));
  const database = stack.use(
    openDatabase({ url: () => url.href, name: "notes", migrations: {}, logger }),
  );
  const administrator = new Client({ connectionString: postgres.adminUrl });
  await administrator.connect();
  stack.defer(() => administrator.end());
  await administrator.query("create role notes_b login password 'second' in role notes");
  const countSessions = async (login: string) => {
    const sessions = "select from pg_stat_activity where usename = $1";
    return (await administrator.query(sessions, [login])).rowCount;
  };
  const over = new AbortController();
  const query = async () => {
    while (!over.signal.aborted) await sql`select pg_sleep(0.01)`.execute(database.db);
  };
  const busy = Promise.all([query(), query(), query()]);
  stack.defer(() => over.abort());
  await Promise.race([
    busy,
    waitUntil(async () => (await countSessions("notes_a")) === 3, { what: "three connections" }),
  ]);

  Object.assign(url, { username: "notes_b", password: "second" });
  await Promise.race([
    busy,
    waitUntil(async () => (await countSessions("notes_a")) === 0, { what: "the move" }),
  ]);
  await administrator.query("alter role notes_a nologin");
  await Promise.race([
    busy,
    waitUntil(async () => (await countSessions("notes_b")) === 3, { what: "the other login" }),
  ]);
  over.abort();
  await expect(busy).resolves.toHaveLength(3);
});

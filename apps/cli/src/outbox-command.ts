import { listRejectedEvents, readOutboxState } from "@fanfare/outbox";
import { readVariable } from "@fanfare/service";
import { Kysely, PostgresDialect } from "kysely";
import { Pool } from "pg";
import { CliError } from "./cli-error.ts";
import { readStack } from "./stack/running-stack.ts";
import { alignRows, createTerminal } from "./terminal.ts";

const connectTimeoutMs = 5_000;

/**
 * Prints the state of the outbox at DATABASE_URL, else of the running stack's fleet: how many events wait
 * and since when, and which events were rejected and why.
 */
export async function outboxCommand(
  { json = false }: { json?: boolean },
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const connectionString =
    readVariable("DATABASE_URL", env) ??
    readVariable("DATABASE_URL", (await readStack())?.environments.fleet ?? {});
  if (!connectionString) {
    throw new CliError("expected a database: name it in DATABASE_URL, or run npm start");
  }
  const pool = new Pool({ connectionString, connectionTimeoutMillis: connectTimeoutMs, max: 1 });
  await using db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  const state = await readOutboxState(db);
  const rejected = await listRejectedEvents(db);
  const terminal = createTerminal();
  if (json) return terminal.line(JSON.stringify({ ...state, events: rejected }));
  const { waiting, oldestMs, rejected: count } = state;
  const oldest = waiting === 0 ? "-" : `${Math.round(oldestMs / 1_000)} s`;
  const header = ["waiting", "oldest", "rejected"];
  for (const line of alignRows([header, [`${waiting}`, oldest, `${count}`]])) terminal.line(line);
  if (rejected.length === 0) return;
  terminal.line();
  const rows = rejected.map(({ topic, id, code, reason }) => [topic, id, code, reason]);
  for (const line of alignRows([["topic", "id", "code", "reason"], ...rows])) terminal.line(line);
}

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { outboxMigration } from "@fanfare/outbox";
import { Kysely, PostgresDialect, sql } from "kysely";
import { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const main = fileURLToPath(new URL("main.ts", import.meta.url));

describe("fanfare outbox", { timeout: 120_000 }, () => {
  let server: Postgres;
  let url: string;
  beforeAll(async () => {
    server = await startPostgres();
    url = await server.createDatabase("fleet");
    const pool = new Pool({ connectionString: url });
    await using db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
    await outboxMigration.up(db);
    await sql`
      insert into outbox (topic, event_id, partition, type, data, headers, event_time, rejected_at,
        rejected_code, rejected_reason)
      values ('cars', 'waits', 0, 'Car', '', '{}', now(), null, null, null),
        ('cars', 'big', 0, 'Car', '', '{}', now(), now(), 'too_large', 'it has 9 MB')`.execute(db);
  }, 60_000);
  afterAll(() => server?.stop(), 60_000);

  async function outbox(...args: string[]): Promise<string> {
    const env = { ...process.env, DATABASE_URL: url };
    const run = promisify(execFile)(process.execPath, [main, "outbox", ...args], { env });
    return (await run).stdout;
  }

  it("shows what waits and what was rejected, with the reason", async () => {
    expect(await outbox()).toMatch(
      /^waiting {2}oldest {2}rejected\n1 {8}\d+ s\s+1\n\ntopic {2}id {3}code {7}reason\ncars {3}big {2}too_large {2}it has 9 MB\n$/,
    );
  });

  it("prints the same as JSON", async () => {
    expect(JSON.parse(await outbox("--json"))).toMatchObject({
      waiting: 1,
      rejected: 1,
      events: [{ topic: "cars", id: "big", code: "too_large", reason: "it has 9 MB" }],
    });
  });
});

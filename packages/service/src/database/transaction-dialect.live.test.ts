import { startPostgres } from "@fanfare/dev-stack";
import { Kysely, sql } from "kysely";
import { Pool } from "pg";
import { expect, it } from "vitest";
import { createTransactionDialect } from "./transaction-dialect.ts";

it("returns no connection with an open transaction when its settings are refused", {
  timeout: 60_000,
}, async () => {
  await using postgres = await startPostgres();
  const pool = new Pool({ connectionString: await postgres.createDatabase("notes"), max: 1 });
  const dialect = createTransactionDialect({ pool }, { statement_timeout: -5 });
  await using db = new Kysely<unknown>({ dialect });
  const begin = db.transaction().execute(async (tx) => await sql`select 1`.execute(tx));
  await expect(begin).rejects.toThrow("statement_timeout");
  expect((await sql`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }]);
});

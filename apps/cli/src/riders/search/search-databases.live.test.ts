import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPatterns, type Wanted } from "./matcher.ts";
import { findShared, readGatewayTokens } from "./riders-database.ts";
import { searchDatabases } from "./search-databases.ts";

const name: Wanted = { what: "name", text: 'Zoë "Z" 100%_ \\ Q' };
const email: Wanted = { what: "email", text: "zoe@Quist.example", ignoreCase: true };
const patterns = createPatterns([name, email]);

describe("the search of databases", { timeout: 60_000 }, () => {
  let postgres: Postgres;
  let client: Client;
  beforeAll(async () => {
    const { POSTGRES_ADMIN_URL: _, ...env } = process.env;
    postgres = await startPostgres({ env });
    client = new Client({ connectionString: await postgres.createDatabase("riders") });
    await client.connect();
    await client.query(`
      create table riders (rider_id text, display_name text, email text);
      create table payment_methods (rider_id text, gateway_token text, label text);
      insert into payment_methods values ('one', 'tok', 'Card'), ('two', 'other', 'Card')`);
  }, 60_000);
  afterAll(async () => {
    await client?.end();
    await postgres?.stop();
  });

  it("finds text, JSON, bytes and partitions in every schema, and takes no character for a wildcard", async () => {
    await client.query(`
      create schema odd;
      create table odd."Od""d" (content jsonb);
      create table bytes (content bytea);
      create table parts (number int, content text) partition by range (number);
      create table part_1 partition of parts for values from (0) to (10);
      create table decoy (content text);
      insert into decoy values ('Zoë "Z" 100 percent \\ Q'), ('zoe@Quist-example')`);
    await client.query('insert into odd."Od""d" values ($1)', [{ name: name.text }]);
    await client.query("insert into bytes values ($1)", [Buffer.from(name.text)]);
    await client.query("insert into parts values (1, $1)", ["mail ZOE@quist.EXAMPLE"]);
    const { count, hits } = await searchDatabases(postgres.adminUrl, patterns);
    expect(count).toBeGreaterThan(1);
    expect(hits).toEqual([
      { place: 'riders.odd."Od""d"', wanted: name },
      { place: "riders.bytes", wanted: name },
      { place: "riders.part_1", wanted: email },
    ]);
  });

  it("tells the values that other riders have from those of the rider alone", async () => {
    const { adminUrl } = postgres;
    const tokens = await readGatewayTokens(adminUrl, "one");
    expect(tokens).toEqual(["tok"]);
    const label: Wanted = { what: "card label", text: "Card" };
    const token: Wanted = { what: "gateway token", text: "tok" };
    expect(await findShared(adminUrl, "one", createPatterns([label, token]))).toEqual([label]);
  });
});

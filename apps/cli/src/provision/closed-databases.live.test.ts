import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findPostgresBin, type Postgres, startPostgres } from "@fanfare/dev-stack";
import { createSecrets, openSecretsFolder, readDatabaseLogins } from "@fanfare/secrets";
import { appNames, hasDatabase } from "@fanfare/topology";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { attempt, attemptAll, execute } from "../../test/attempt-sql.ts";
import { provision } from "./provision.ts";

const apps = appNames.filter(hasDatabase);
const connectionLimit = 3;

/** Undefined on platforms without programs of this version. */
function findBin(from?: string): string | undefined {
  try {
    return findPostgresBin(from);
  } catch {
    return undefined;
  }
}

const servers = [
  { version: 18, bin: findBin() },
  { version: 14, bin: findBin(import.meta.resolve("postgres-14")) },
];

const insufficientPrivilege = "42501";
const tooManyConnections = "53300";

describe.each(servers)("closed databases on PostgreSQL $version", { timeout: 60_000 }, (server) => {
  describe.skipIf(server.bin === undefined)("a server of an earlier version", () => {
    let folder: string;
    let postgres: Postgres;
    let urls: ReadonlyMap<string, string>;
    const readUrl = (app: string) => urls.get(app) ?? "";
    const route = (app: string, database: string) =>
      Object.assign(new URL(readUrl(app)), { pathname: `/${database}` });

    async function administer(database: string, ...statements: readonly string[]) {
      const url = new URL(postgres.adminUrl);
      await execute(Object.assign(url, { pathname: `/${database}` }), ...statements);
    }

    async function run() {
      await createSecrets(folder, { postgresUrl: postgres.adminUrl });
      const logins = await readDatabaseLogins(openSecretsFolder(folder));
      const target = { adminUrl: postgres.adminUrl, logins, connectionLimit };
      return await provision({ postgres: target });
    }

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "fanfare-closed-"));
      const { POSTGRES_ADMIN_URL: _, ...env } = process.env;
      postgres = await startPostgres({ env, bin: server.bin });
      // What an earlier version created, and what one of its apps could do.
      await administer(
        "postgres",
        "create role trips login createdb password 'derived'",
        "create role reader",
        "grant pg_read_all_data, reader to trips",
        "create database trips owner trips",
        "grant all on database trips to public",
      );
      await administer("template1", "grant create on schema public to public");
      const old = new URL(postgres.adminUrl);
      Object.assign(old, { username: "trips", password: "derived", pathname: "/template1" });
      await execute(old, "create table planted (x int)");
      old.pathname = "/trips";
      await execute(old, "create table kept as select 7 as x");

      await run();
      const secrets = openSecretsFolder(folder);
      urls = new Map(
        await Promise.all(
          apps.map(
            async (app): Promise<[string, string]> => [
              app,
              (await secrets.read(app, "database-url")) ?? "",
            ],
          ),
        ),
      );
      for (const app of apps) {
        await execute(readUrl(app), "create table secret (x int)");
      }
    }, 60_000);
    afterAll(async () => {
      await postgres?.stop();
      await rm(folder, { recursive: true, force: true });
    }, 60_000);

    it.each(apps)("lets %s connect to its own database alone", async (app) => {
      for (const other of ["postgres", "template1", ...apps.filter((name) => name !== app)]) {
        const refusal = await attempt(route(app, other), "select * from secret");
        expect({ other, refusal }).toEqual({ other, refusal: insufficientPrivilege });
      }
      expect(await attempt(route(app, "template0"))).not.toBe("done");
    });

    it.each(apps)("lets %s change nothing but its tables", async (app) => {
      const statements = [
        "create temporary table t (x int)",
        "create schema intruder",
        "create role intruder",
        "create database intruder",
        `alter database "${app}" connection limit -1`,
        `alter role "${app}_a" connection limit -1`,
        `set role none; alter role "${app}_a" connection limit -1`,
        "set temp_file_limit = -1",
        "set role postgres",
        "select * from pg_authid",
        "copy (select 1) to '/tmp/intruder'",
      ];
      const refusals = await attemptAll(readUrl(app), statements);
      expect(statements.map((statement, index) => [statement, refusals[index]])).toEqual(
        statements.map((statement) => [statement, insufficientPrivilege]),
      );
      // PostgreSQL answers with a warning that no privilege was granted.
      await attempt(readUrl(app), `grant connect on database "${app}" to public`);
      const neighbour = app === "trips" ? "fleet" : "trips";
      expect(await attempt(route(neighbour, app))).toBe(insufficientPrivilege);
    });

    it("lets an app that takes all of its connections keep no other from connecting", async () => {
      const taken: Client[] = [];
      try {
        for (let count = 0; count < connectionLimit; count++) {
          const client = new Client({ connectionString: readUrl("trips") });
          taken.push(client);
          await client.connect();
        }
        expect(await attempt(readUrl("trips"))).toBe(tooManyConnections);
        for (const app of apps.filter((name) => name !== "trips")) {
          expect(await attempt(readUrl(app))).toBe("done");
        }
      } finally {
        await Promise.all(taken.map((client) => client.end()));
      }
    });

    it("creates databases without what an app has put into template1", async () => {
      expect(await attempt(readUrl("fleet"), "select * from planted")).toBe("42P01");
    });

    it("keeps an app's tables, and refuses its earlier login", async () => {
      expect(await attempt(readUrl("trips"), "alter table kept add column y int")).toBe("done");
      const old = Object.assign(new URL(readUrl("trips")), {
        username: "trips",
        password: "derived",
      });
      expect(await attempt(old)).not.toBe("done");
    });

    it("stores passwords as SCRAM-SHA-256 verifiers, whatever the server's default is", async () => {
      await administer("postgres", "alter system set password_encryption = md5");
      await run();
      const client = new Client({ connectionString: postgres.adminUrl });
      await client.connect();
      const { rows } = await client.query(
        "select distinct left(rolpassword, 14) as hash from pg_authid",
      );
      await client.end();
      expect(rows.filter(({ hash }) => hash !== null)).toEqual([{ hash: "SCRAM-SHA-256$" }]);
    });

    it("is run by an administrator who is no superuser, too", async () => {
      await administer(
        "postgres",
        "create role manager login createdb createrole password 'manager'",
        "grant connect on database postgres, template1 to manager",
      );
      const adminUrl = Object.assign(new URL(postgres.adminUrl), {
        username: "manager",
        password: "manager",
      }).href;
      const other = join(folder, "managed");
      await createSecrets(other, { postgresUrl: adminUrl, databasePrefix: "managed_" });
      const secrets = openSecretsFolder(other);
      const logins = await readDatabaseLogins(secrets);
      for (let count = 0; count < 2; count++) {
        const { warnings } = await provision({ postgres: { adminUrl, logins, connectionLimit } });
        expect(warnings).toEqual([]);
      }
      const url = (await secrets.read("fleet", "database-url")) ?? "";
      expect(await attempt(url, "create table t (x int)")).toBe("done");
      expect(await attempt(url, "create schema intruder")).toBe(insufficientPrivilege);
      expect(await attempt(route("fleet", "managed_fleet"))).toBe(insufficientPrivilege);
    });

    it("repairs what has been opened again, and changes nothing else", async () => {
      await administer(
        "postgres",
        "grant connect on database template1 to public",
        "grant all on database fleet to public",
        "grant trips to fleet_a",
        "alter role fleet_a superuser connection limit -1",
        "alter role fleet_a set role = none",
        "create role fleet_b login password 'intruder'",
        "grant fleet to fleet_b",
      );
      expect((await run()).warnings).toEqual([]);
      expect(await attempt(route("fleet", "template1"))).toBe(insufficientPrivilege);
      expect(await attempt(route("trips", "fleet"))).toBe(insufficientPrivilege);
      expect(await attempt(route("fleet", "trips"))).toBe(insufficientPrivilege);
      expect(await attempt(readUrl("fleet"), "create role intruder")).toBe(insufficientPrivilege);
      const second = Object.assign(new URL(readUrl("fleet")), {
        username: "fleet_b",
        password: "intruder",
      });
      expect(await attempt(second)).not.toBe("done");
      expect(await attempt(readUrl("fleet"), "alter table secret add column y int")).toBe("done");
    });

    it("reports a database of another system that every role may connect to, and leaves it open", async () => {
      await administer("postgres", "create database others template template0");
      expect((await run()).warnings).toEqual([
        expect.stringMatching(/the database others, but every role may: .+ revoke connect/),
      ]);
      await administer("postgres", "drop database others");
    });
  });
});

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { describe, expect, it } from "vitest";
import { startNats, startPostgres, startTemporal, waitUntil } from "./index.ts";

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe("startPostgres()", () => {
  it("creates a database for each name that no other role may use", async () => {
    await using postgres = await startPostgres();
    const trips = await postgres.createDatabase("trips");
    const fleet = await postgres.createDatabase("fleet");
    await query(trips, "create table t (x int)");
    const intruder = new URL(fleet);
    intruder.pathname = "/trips";
    await expect(query(intruder.href, "select * from t")).rejects.toThrow(/permission denied/);
    expect(await postgres.createDatabase("trips")).toBe(trips);
  });

  it("takes another password for data that an earlier version has kept", async () => {
    const data = await mkdtemp(join(tmpdir(), "fanfare-test-"));
    try {
      const earlier = await startPostgres({ data });
      await earlier.createDatabase("trips");
      await earlier.stop();
      const random = await startPostgres({ data, password: "random" });
      const names = await query(random.adminUrl, "select from pg_database where datname = 'trips'");
      expect(names).toHaveLength(1);
      const { port } = new URL(random.adminUrl);
      const old = new URL(earlier.adminUrl);
      old.port = port;
      await expect(query(old.href, "select 1")).rejects.toThrow(/password authentication failed/);
      await random.stop();
      await using again = await startPostgres({ data, password: "random" });
      expect(await query(again.adminUrl, "select 7 as x")).toEqual([{ x: 7 }]);
    } finally {
      await rm(data, { recursive: true, force: true, maxRetries: 5 });
    }
  });

  it("keeps its port and its data after a kill", async () => {
    await using postgres = await startPostgres();
    const url = await postgres.createDatabase("trips");
    await query(url, "create table t as select 7 as x");
    await postgres.kill();
    await expect(query(url, "select 1")).rejects.toThrow(/ECONNREFUSED/);
    await postgres.start();
    expect(await query(url, "select x from t")).toEqual([{ x: 7 }]);
  });
});

describe("a server named in the environment", () => {
  it("is used as it is, cannot be killed, and is not stopped", async () => {
    await using own = await startNats();
    const found = await startNats({ env: { NATS_URL: own.url } });
    expect(found).toMatchObject({ own: false, url: own.url, port: own.port });
    await expect(found.kill()).rejects.toThrow(/external server named in NATS_URL: unset NATS_URL/);
    await found.stop();
    expect(own.pid).toBeDefined();
  });

  it("gets databases with unique names, which are dropped by stop", async () => {
    await using own = await startPostgres();
    const env = { POSTGRES_ADMIN_URL: own.adminUrl };
    const [one, two] = await Promise.all([startPostgres({ env }), startPostgres({ env })]);
    const url = await one.createDatabase("trips");
    expect(await two.createDatabase("trips")).not.toBe(url);
    await query(url, "create table t (x int)");
    await Promise.all([one.stop(), two.stop()]);
    const names = await query(
      own.adminUrl,
      "select datname from pg_database where datname like 'fan%'",
    );
    expect(names).toEqual([]);
  });
});

describe("startNats()", () => {
  it("answers again on its port after a kill", async () => {
    await using nats = await startNats();
    const { pid } = nats;
    await nats.kill();
    expect(nats.pid).toBeUndefined();
    await nats.start();
    expect(nats.pid).not.toBe(pid);
  });

  it("answers again on its port once another process has released it", async () => {
    await using nats = await startNats();
    await nats.kill();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(nats.port, "127.0.0.1", resolve));
    const started = nats.start();
    const log = async () => await readFile(nats.logFile ?? "", "utf8");
    await waitUntil(async () => (await log()).includes("already in use"), {
      what: "the first launch to fail",
    });
    await new Promise((resolve) => other.close(resolve));
    await started;
    expect(nats.pid).toBeDefined();
  });

  it("reports an unexpected exit", async () => {
    await using nats = await startNats();
    process.kill(nats.pid ?? 0, "SIGTERM");
    expect(await nats.died).toContain("nats-server ended with");
  });
});

describe("startTemporal()", () => {
  it("starts again after a kill", async () => {
    await using temporal = await startTemporal({ searchAttributes: { TripStatus: "Keyword" } });
    const { pid } = temporal;
    await temporal.kill();
    await temporal.start();
    expect(temporal.pid).not.toBe(pid);
  });
});

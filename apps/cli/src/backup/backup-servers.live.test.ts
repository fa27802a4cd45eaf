import { chown, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRunner, findPostgresBin, startNats, startPostgres } from "@fanfare/dev-stack";
import { connect as connectNats, type NatsConnection } from "@nats-io/transport-node";
import { Client, Pool } from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { backUpSystem } from "./back-up-system.ts";
import { withFence } from "./fence.ts";
import { restoreServers } from "./restore-servers.ts";

const writerCount = 8;

/** Writers that each insert a row and publish an event in one transaction, one after another. */
function startWriters(pool: Pool, nats: NatsConnection): { stop(): Promise<number> } {
  let count = 0;
  const over = new AbortController();
  async function write(): Promise<void> {
    while (!over.signal.aborted) {
      const id = ++count;
      const client = await pool.connect();
      try {
        await client.query("begin");
        await client.query("insert into effects values ($1)", [id]);
        await nats.request(`events.${id}`, "", { timeout: 30_000 });
        await client.query("commit");
      } finally {
        client.release();
      }
    }
  }
  const writing = Promise.all(Array.from({ length: writerCount }, write));
  return {
    async stop() {
      over.abort();
      await writing;
      return count;
    },
  };
}

async function listEvents(nats: NatsConnection): Promise<number[]> {
  const filter = JSON.stringify({ subjects_filter: ">" });
  const reply = await nats.request("$JS.API.STREAM.INFO.events", filter, { timeout: 30_000 });
  const { state } = reply.json<{ state: { subjects: Record<string, number> } }>();
  return Object.keys(state.subjects).map((subject) => Number(subject.split(".")[1]));
}

const sort = (ids: readonly number[]) => ids.toSorted((one, other) => one - other);

describe("a backup of named servers", { timeout: 120_000 }, () => {
  const opened = new AsyncDisposableStack();
  let folder: string;
  let env: Record<string, string>;
  let written: number;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "backup-servers-"));
    opened.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
    const [postgres, nats] = await Promise.all([startPostgres(), startNats()]);
    opened.use(postgres);
    opened.use(nats);
    env = { POSTGRES_ADMIN_URL: postgres.adminUrl, NATS_URL: nats.url };
    const client = opened.adopt(await connectNats({ servers: nats.url }), (one) => one.close());
    const config = JSON.stringify({ name: "events", subjects: ["events.>"] });
    await client.request("$JS.API.STREAM.CREATE.events", config, { timeout: 30_000 });
    const pool = new Pool({ connectionString: postgres.adminUrl, max: writerCount });
    opened.defer(() => pool.end());
    await pool.query("create table effects (id integer primary key)");
    const writers = startWriters(pool, client);
    try {
      await backUpSystem(join(folder, "backup"), env);
    } finally {
      written = await writers.stop();
    }
  }, 120_000);
  afterAll(() => opened.disposeAsync());

  it("restores exactly the events whose effects it restores", async () => {
    const data = join(folder, "restored");
    const cluster = join(data, "cluster");
    await mkdir(cluster, { recursive: true, mode: 0o700 });
    const { owner } = await createRunner(findPostgresBin(), data);
    for (const path of owner ? [folder, data, cluster] : []) {
      await chown(path, owner?.uid ?? 0, owner?.gid ?? 0);
    }
    await using nats = await startNats();
    const target = { NATS_URL: nats.url, POSTGRES_DATA: cluster };
    const { manifest } = await restoreServers(join(folder, "backup"), target);
    expect(manifest.codecKeys).toEqual([]);

    await using postgres = await startPostgres({ data });
    const client = new Client({ connectionString: postgres.adminUrl });
    await client.connect();
    const { rows } = await client.query<{ id: number }>("select id from effects");
    await client.end();
    const connection = await connectNats({ servers: nats.url });
    const events = await listEvents(connection);
    await connection.close();
    const effects = rows.map(({ id }) => id);
    expect(effects.length).toBeGreaterThan(0);
    expect(effects.length).toBeLessThan(written);
    expect(sort(events)).toEqual(sort(effects));
  });

  it("refuses a folder of PostgreSQL that has files, and one that is missing", async () => {
    const backup = join(folder, "backup");
    for (const [data, found] of [
      [backup, "files"],
      [join(folder, "none"), "none"],
    ] as const) {
      const before = await readdir(folder);
      await expect(
        restoreServers(backup, { NATS_URL: "nats://127.0.0.1:1", POSTGRES_DATA: data }),
      ).rejects.toThrow(
        `expected an empty folder for the files of PostgreSQL at ${data}, found ${found}`,
      );
      expect(await readdir(folder)).toEqual(before);
    }
  });

  it("refuses one server without the other", async () => {
    const { NATS_URL = "", POSTGRES_ADMIN_URL = "" } = env;
    await expect(backUpSystem(join(folder, "other"), { NATS_URL })).rejects.toThrow(/both/);
    await expect(backUpSystem(join(folder, "other"), { POSTGRES_ADMIN_URL })).rejects.toThrow(
      /both/,
    );
    await expect(restoreServers(join(folder, "backup"), { NATS_URL })).rejects.toThrow(/both/);
  });

  it("fences databases in which a migration drops a table meanwhile", async () => {
    const adminUrl = env["POSTGRES_ADMIN_URL"] ?? "";
    await using stack = new AsyncDisposableStack();
    const pool = stack.adopt(new Pool({ connectionString: adminUrl }), (one) => one.end());
    await pool.query("create table a_held (); create table z_dropped ()");
    const holder = await pool.connect();
    await holder.query("begin; lock table a_held in row exclusive mode");
    const fenced = withFence(adminUrl, () => pool.query("select 1 as held"));
    const waiting = "select from pg_locks where relation = 'a_held'::regclass and not granted";
    await vi.waitUntil(async () => (await pool.query(waiting)).rowCount === 1, { timeout: 10_000 });
    await pool.query("drop table z_dropped");
    await holder.query("commit");
    holder.release();
    expect((await fenced).rows).toEqual([{ held: 1 }]);
    await pool.query("drop table a_held");
  });

  it("refuses a user of PostgreSQL that is no superuser", async () => {
    const admin = new Client({ connectionString: env["POSTGRES_ADMIN_URL"] });
    await admin.connect();
    await admin.query("create role plain login password 'plain'");
    await admin.end();
    const url = new URL(env["POSTGRES_ADMIN_URL"] ?? "");
    url.username = url.password = "plain";
    await expect(
      backUpSystem(join(folder, "other"), { ...env, POSTGRES_ADMIN_URL: url.href }),
    ).rejects.toThrow("expected a superuser of PostgreSQL, found another user");
    expect(await readdir(folder)).not.toContain("other");
  });
});

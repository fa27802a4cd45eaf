import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mapReactors } from "@fanfare/topology";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSecrets } from "./create-secrets.ts";

const postgresUrl = "postgres://postgres@postgres:5432/postgres";

describe("createSecrets()", () => {
  let folder: string;
  const read = (...path: string[]) => readFile(join(folder, ...path), "utf8");
  const readLogin = async (app: string) => new URL(await read(app, "database-url"));

  /** Returns the text and the time of change of every file. */
  async function readAll(): Promise<Readonly<Record<string, string>>> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const texts = files.map(async ({ parentPath, name }) => {
      const file = join(parentPath, name);
      return [file, `${(await stat(file)).mtimeMs} ${await readFile(file, "utf8")}`];
    });
    return Object.fromEntries(await Promise.all(texts));
  }

  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), "fanfare-test-")), "secrets");
    await createSecrets(folder, {
      postgresUrl,
      otherPostgresUrls: ["postgres://temporal@temporal-postgres"],
    });
  });
  afterEach(() => rm(join(folder, ".."), { recursive: true, force: true }));

  it("writes a folder for each holder, with what this holder may read", async () => {
    const database = ["database-url", "jwks.json", "service-jwks.json"];
    const holders = (await readdir(folder)).toSorted();
    const files = await Promise.all(
      holders.map(async (holder) => [holder, (await readdir(join(folder, holder))).toSorted()]),
    );
    expect(Object.fromEntries(files)).toEqual({
      billing: [...database, "service-key.json"],
      fleet: database,
      keys: ["codec-keys.json", "jwks.json", "service-jwks.json", "signing-key.json"],
      postgres: ["admin-url", "logins.json", "password"],
      ...mapReactors(() => database),
      notifications: [...database, "service-key.json"],
      riders: [...database, "service-key.json"],
      temporal: ["password", "pgpass"],
      trips: ["codec-keys.json", ...database],
      worker: ["codec-keys.json", "service-key.json"],
    });
  });

  it("lets only this user read the folder and every file but the passwords of servers", async () => {
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    const readable: string[] = [];
    for (const file of Object.keys(await readAll())) {
      if (((await stat(file)).mode & 0o077) !== 0) readable.push(file.slice(folder.length + 1));
    }
    expect(readable.toSorted()).toEqual([
      "keys/jwks.json",
      "keys/service-jwks.json",
      "postgres/password",
      "temporal/password",
    ]);
  });

  it("creates a random password for each login and for the administrator", async () => {
    const admin = new URL(await read("postgres", "admin-url"));
    expect(admin.password).toBe(await read("postgres", "password"));
    const trips = await readLogin("trips");
    expect(trips).toMatchObject({ username: "trips_a", pathname: "/trips", host: "postgres:5432" });
    const fleet = await readLogin("fleet");
    const passwords = [admin.password, trips.password, fleet.password];
    for (const password of passwords) expect(password).toMatch(/^[\w-]{32}$/);
    expect(new Set(passwords).size).toBe(3);
  });

  it("gives the server verifiers and no passwords of apps", async () => {
    const logins = await read("postgres", "logins.json");
    expect(JSON.parse(logins).trips).toEqual({
      trips_a: expect.stringMatching(/^SCRAM-SHA-256\$4096:/),
    });
    expect(logins).not.toContain((await readLogin("trips")).password);
  });

  it("writes the password file of another server", async () => {
    const line = `temporal-postgres:5432:*:temporal:${await read("temporal", "password")}\n`;
    expect(await read("temporal", "pgpass")).toBe(line);
  });

  it("changes nothing that exists", async () => {
    const first = await readAll();
    expect(await createSecrets(folder, { postgresUrl })).toEqual([]);
    expect(await createSecrets(folder)).toEqual([]);
    expect(await readAll()).toEqual(first);
  });

  it("creates what is missing, and keeps the rest", async () => {
    const { password } = await readLogin("trips");
    const fleet = await readLogin("fleet");
    await rm(join(folder, "postgres", "logins.json"));
    await rm(join(folder, "fleet"), { recursive: true });
    expect(await createSecrets(folder)).toContain("fleet/database-url");
    expect((await readLogin("trips")).password).toBe(password);
    expect((await readLogin("fleet")).password).not.toBe(fleet.password);
    expect(Object.keys(JSON.parse(await read("postgres", "logins.json")))).toContain("trips");
  });

  it("follows the server to another address, with the same passwords", async () => {
    const { password } = await readLogin("trips");
    await createSecrets(folder, { postgresUrl: "postgres://postgres@db.example:6432/postgres" });
    expect(await readLogin("trips")).toMatchObject({ password, host: "db.example:6432" });
    expect((await read("postgres", "admin-url")).endsWith("@db.example:6432/postgres")).toBe(true);
  });

  it("replaces a URL whose password was derived from the administrator's", async () => {
    const derived = "postgres://trips:derived@postgres:5432/trips";
    await writeFile(join(folder, "trips", "database-url"), derived);
    await createSecrets(folder);
    expect(await readLogin("trips")).toMatchObject({ username: "trips_a" });
  });
});

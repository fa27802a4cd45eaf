import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mapReactors } from "@fanfare/topology";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeSecrets } from "./write-secrets.ts";

const postgresUrl = "postgres://postgres@postgres:5432/postgres";

describe("writeSecrets()", () => {
  let folder: string;
  const read = (...path: string[]) => readFile(join(folder, ...path), "utf8");
  const lasting = async () => [
    await read("postgres", "password"),
    await read("keys", "jwks.json"),
    await read("trips", "database-url"),
  ];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "fanfare-test-"));
    await writeSecrets(folder, {
      postgresUrl,
      otherUrls: ["postgres://temporal@temporal-postgres"],
    });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("writes a folder for each part", async () => {
    const database = ["database-url", "jwks.json"];
    const parts = (await readdir(folder)).toSorted();
    const files = await Promise.all(
      parts.map(async (part) => [part, (await readdir(join(folder, part))).toSorted()]),
    );
    expect(Object.fromEntries(files)).toEqual({
      billing: database,
      fleet: database,
      keys: ["jwks.json", "signing-key.json"],
      postgres: ["admin-url", "password"],
      ...mapReactors(() => database),
      temporal: ["password", "pgpass"],
      trips: database,
      worker: ["service.token"],
    });
  });

  it("creates a role and a password for each app", async () => {
    const admin = new URL(await read("postgres", "admin-url"));
    expect(admin.password).toBe(await read("postgres", "password"));
    expect(admin.password).toHaveLength(32);
    const trips = new URL(await read("trips", "database-url"));
    const fleet = new URL(await read("fleet", "database-url"));
    expect(trips).toMatchObject({ username: "trips", pathname: "/trips", host: "postgres:5432" });
    expect(new Set([admin.password, trips.password, fleet.password]).size).toBe(3);
  });

  it("writes the password file of another server for its owner alone", async () => {
    const password = await read("temporal", "password");
    const line = `temporal-postgres:5432:*:temporal:${password}\n`;
    expect(await read("temporal", "pgpass")).toBe(line);
    expect((await stat(join(folder, "temporal", "pgpass"))).mode & 0o777).toBe(0o600);
  });

  it("keeps existing passwords and keys", async () => {
    const first = await lasting();
    await writeSecrets(folder, { postgresUrl });
    expect(await lasting()).toEqual(first);
  });
});

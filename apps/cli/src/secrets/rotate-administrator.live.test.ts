import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { createSecrets, rotateSecrets } from "@fanfare/secrets";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

const report = () => {};

describe("secrets --rotate administrator", { timeout: 60_000 }, () => {
  let folder: string;
  let postgres: Postgres;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "fanfare-administrator-"));
    await createSecrets(folder);
    const { POSTGRES_ADMIN_URL: _, ...env } = process.env;
    postgres = await startPostgres({ env, password: await read("password") });
    const url = new URL(postgres.adminUrl);
    url.password = "";
    await createSecrets(folder, { postgresUrl: url.href });
  }, 60_000);
  afterAll(async () => {
    await postgres?.stop();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => rm(locate("password.next"), { force: true }));

  const locate = (file: string, holder = "postgres") => join(folder, holder, file);
  const read = (file: string, holder?: string) => readFile(locate(file, holder), "utf8");
  const rotate = () => rotateSecrets(folder, "administrator", { report });
  const refusal = "password authentication failed";

  /** Runs a statement as the administrator, with another password where one is given. */
  async function execute(statement: string, password?: string): Promise<void> {
    const url = new URL(await read("admin-url"));
    if (password !== undefined) url.password = password;
    const client = new Client({ connectionString: url.href });
    try {
      await client.connect();
      await client.query(statement);
    } finally {
      await client.end();
    }
  }

  it("replaces the password, and leaves the sessions and logins of the apps as they are", async () => {
    const [earlier, login] = [await read("password"), await read("database-url", "trips")];
    const session = new Client({ connectionString: await read("admin-url") });
    await session.connect();
    expect(await rotate()).toEqual(expect.arrayContaining(["postgres/admin-url"]));
    await session.query("select 1");
    await session.end();
    const password = await read("password");
    expect(password).not.toBe(earlier);
    expect(new URL(await read("admin-url")).password).toBe(password);
    expect((await stat(locate("password"))).mode & 0o777).toBe(0o644);
    await execute("select 1");
    await expect(execute("select 1", earlier)).rejects.toThrow(refusal);
    await expect(read("password.next")).rejects.toThrow("ENOENT");
    expect(await createSecrets(folder)).toEqual([]);
    expect(await read("database-url", "trips")).toBe(login);
  });

  it.each([
    ["before the server has the new password", "select 1"],
    ["after the server has the new password", "alter role current_user password 'interrupted'"],
  ])("finishes a rotation that was interrupted %s", async (_, done) => {
    await writeFile(locate("password.next"), "interrupted");
    await execute(done);
    await rotate();
    expect(new URL(await read("admin-url")).password).toBe("interrupted");
    await execute("select 1");
    await rotate();
    await expect(execute("select 1", "interrupted")).rejects.toThrow(refusal);
  });

  it("changes no file when the server accepts neither password", async () => {
    const files = [await read("password"), await read("admin-url")];
    await execute("alter role current_user password 'elsewhere'");
    await expect(rotate()).rejects.toThrow(refusal);
    expect([await read("password"), await read("admin-url")]).toEqual(files);
    await execute(`alter role current_user password '${files[0]}'`, "elsewhere");
    await rotate();
    await execute("select 1");
  });

  it("keeps the folder's password when the URL has another one", async () => {
    const password = await read("password");
    await execute("alter role current_user password 'given'");
    const url = new URL(await read("admin-url"));
    url.password = "given";
    await createSecrets(folder, { postgresUrl: url.href });
    await rotate();
    expect(await read("password")).toBe(password);
    await execute("select 1");
    await expect(execute("select 1", "given")).rejects.toThrow(refusal);
  });
});

import { mkdir, mkdtemp, readdir, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSecrets } from "./create-secrets.ts";
import { createDevKeys, mintToken } from "./keys.ts";
import { rotateSecrets } from "./rotate-secrets.ts";

describe("rotateSecrets()", () => {
  let folder: string;
  const reports: string[] = [];
  const report = (line: string) => void reports.push(line);
  const read = (...path: string[]) => readFile(join(folder, ...path), "utf8");
  const readKeyIds = async (): Promise<string[]> =>
    JSON.parse(await read("trips", "jwks.json")).keys.map(({ kid }: { kid: string }) => kid);

  /** Verifies a token as trips does. */
  async function verify(token: string) {
    const keys = createLocalJWKSet(JSON.parse(await read("trips", "jwks.json")));
    return await jwtVerify(token, keys, { algorithms: ["EdDSA"] });
  }
  async function mint(): Promise<string> {
    const keys = await createDevKeys(join(folder, "keys"));
    return await mintToken(keys, { role: "rider", subject: "alice", expiresIn: "12h" });
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "fanfare-test-"));
    reports.length = 0;
    await createSecrets(folder, { postgresUrl: "postgres://postgres@127.0.0.1:1/postgres" });
  });
  afterEach(async () => {
    vi.useRealTimers();
    await rm(folder, { recursive: true, force: true });
  });

  it("signs with a new key, and accepts tokens of the earlier one until they have expired", async () => {
    const token = await mint();
    await rotateSecrets(folder, "keys", { report });
    expect(await readKeyIds()).toHaveLength(2);
    await verify(token);
    const fresh = await mint();
    await verify(fresh);
    expect(decodeProtectedHeader(fresh).kid).not.toBe(decodeProtectedHeader(token).kid);
    expect(await readdir(join(folder, "keys"))).not.toContain("next-key.json");
    expect(reports.at(-1)).toMatch(/signs\. The next fanfare secrets after \d{4}-/);

    const { exp = 0 } = decodeJwt(token);
    vi.useFakeTimers({ toFake: ["Date"], now: (exp - 1) * 1000 });
    expect(await createSecrets(folder)).not.toContain("trips/jwks.json");
    vi.setSystemTime((exp + 3600) * 1000);
    expect(await createSecrets(folder)).toContain("trips/jwks.json");
    expect(await readKeyIds()).toEqual([decodeProtectedHeader(await mint()).kid]);
  });

  it("publishes a key to every app before it signs", async () => {
    // The rotation ends after it has published the key, as the private one cannot be written.
    const file = join(folder, "keys", "signing-key.json");
    const key = await read("keys", "signing-key.json");
    const token = await mint();
    await rm(file);
    await mkdir(file);
    await expect(rotateSecrets(folder, "keys", { report })).rejects.toThrow("EISDIR");
    const [, next] = await readKeyIds();
    await verify(token);
    await rmdir(file);
    await writeFile(file, key);
    await rotateSecrets(folder, "keys", { report });
    expect(await readKeyIds()).toHaveLength(2);
    expect(decodeProtectedHeader(await mint()).kid).toBe(next);
  });

  it("names the parts when there is none of that name", async () => {
    await expect(rotateSecrets(folder, "password", { report })).rejects.toThrow(
      'expected a part to rotate, got "password": choose one of keys, tokens, codec, postgres, administrator, temporal',
    );
  });
});

describe("mintToken()", () => {
  it("refuses a life that a rotation of the keys would end early", async () => {
    const folder = await mkdtemp(join(tmpdir(), "fanfare-test-"));
    const keys = await createDevKeys(folder);
    const claims = { role: "rider", subject: "alice", expiresIn: "13h" } as const;
    await expect(mintToken(keys, claims)).rejects.toThrow("at most 12 hours, got 13h");
    await rm(folder, { recursive: true });
  });
});

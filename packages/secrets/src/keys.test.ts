import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLocalJWKSet, jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDevKeys, type DevKeys, mintToken } from "./keys.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fanfare-test-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function verify(keys: DevKeys, token: string) {
  const jwks = createLocalJWKSet(JSON.parse(await readFile(keys.jwksFile, "utf8")));
  const { issuer, audience } = keys;
  return await jwtVerify(token, jwks, { issuer, audience, algorithms: ["EdDSA"] });
}

describe("mintToken()", () => {
  it("signs tokens that the public keys verify", async () => {
    const keys = await createDevKeys(folder);
    const token = await mintToken(keys, { role: "rider", subject: "alice" });
    expect((await verify(keys, token)).payload).toMatchObject({ sub: "alice", role: "rider" });
  });

  it("mints expired tokens and tokens for another audience", async () => {
    const keys = await createDevKeys(folder);
    const rider = { role: "rider", subject: "alice" } as const;
    const expired = await mintToken(keys, { ...rider, expiresIn: "-1m" });
    await expect(verify(keys, expired)).rejects.toThrow(/exp/);
    const other = await mintToken(keys, { ...rider, audience: "others" });
    await expect(verify(keys, other)).rejects.toThrow(/aud/);
  });
});

describe("createDevKeys()", () => {
  it("reads existing keys, and keeps the private key private", async () => {
    const first = await createDevKeys(folder);
    const second = await createDevKeys(folder);
    const token = await mintToken(second, { role: "operator", subject: "olga" });
    expect((await verify(first, token)).payload.sub).toBe("olga");
    expect((await stat(join(folder, "signing-key.json"))).mode & 0o777).toBe(0o600);
    expect(await readFile(first.jwksFile, "utf8")).not.toContain('"d"');
  });
});

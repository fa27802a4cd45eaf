import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code } from "@connectrpc/connect";
import type { JWK } from "jose";
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { TokenKey } from "./token-signer.ts";
import { createTokenSigner } from "./token-signer.ts";

describe("createTokenSigner()", () => {
  let options: TokenKey;
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "signer-"));
    const file = join(folder, "key.json");
    const claims = { issuer: "services", subject: "worker", role: "service", audience: "fleet" };
    options = { file, ...claims };
  });
  afterEach(async () => {
    vi.useRealTimers();
    await rm(folder, { recursive: true });
  });

  /** Writes a new private key, and returns the public one. */
  async function writeKey(kid: string, alg = "EdDSA"): Promise<JWK> {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    await writeFile(options.file, JSON.stringify({ ...(await exportJWK(privateKey)), kid, alg }));
    return await exportJWK(publicKey);
  }

  it.each(["EdDSA", "ES256"])("signs an access token of five minutes with %s", async (alg) => {
    const publicKey = await writeKey("worker.1", alg);
    const token = await createTokenSigner(options)();
    const { payload } = await jwtVerify(token, publicKey, {
      issuer: "services",
      audience: "fleet",
    });
    expect(payload).toMatchObject({ sub: "worker", role: "service" });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300);
    expect(decodeProtectedHeader(token)).toEqual({ alg, kid: "worker.1", typ: "at+jwt" });
  });

  it("keeps a token until a minute before its expiry", async () => {
    await writeKey("worker.1");
    const sign = createTokenSigner(options);
    const [first, same] = await Promise.all([sign(), sign()]);
    expect(same).toBe(first);
    const { exp = 0 } = decodeJwt(first);
    vi.useFakeTimers({ toFake: ["Date"], now: (exp - 62) * 1000 });
    expect(await sign()).toBe(first);
    vi.setSystemTime((exp - 59) * 1000);
    expect(await sign()).not.toBe(first);
  });

  it("rotation: signs with another key when the file changes, and with the last one meanwhile", async () => {
    await writeKey("worker.1");
    const sign = createTokenSigner(options);
    const first = await sign();
    await writeFile(options.file, "{");
    expect(await sign()).toBe(first);
    await rm(options.file);
    expect(await sign()).toBe(first);
    await writeKey("worker.2");
    expect(decodeProtectedHeader(await sign()).kid).toBe("worker.2");
  });

  it.each([undefined, "{}", "no key"])("is unavailable while the file is %j", async (text) => {
    if (text !== undefined) await writeFile(options.file, text);
    const sign = createTokenSigner(options);
    const rawMessage = expect.stringContaining(`the key file ${options.file} cannot be read`);
    await expect(sign()).rejects.toMatchObject({ code: Code.Unavailable, rawMessage });
    await writeKey("worker.1");
    await expect(sign()).resolves.toBeDefined();
  });
});

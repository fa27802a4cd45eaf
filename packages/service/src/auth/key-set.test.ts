import { writeFile } from "node:fs/promises";
import { inspect } from "node:util";
import { Code } from "@connectrpc/connect";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createIssuer, type Issuer } from "../../test/issuer.ts";
import { json, mockClock, startProvider } from "../../test/provider.ts";
import { createTokenVerifier } from "./token-verifier.ts";

const hour = 3_600_000;
const unauthenticated = { code: Code.Unauthenticated };

let clock: ReturnType<typeof mockClock>;
beforeEach(() => {
  clock = mockClock();
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** A key pair that an attacker has when its private part is published. */
interface Pair {
  readonly publicJwk: JWK;
  readonly privateJwk: JWK;
  /** Signs a token of the issuer with the private key. */
  readonly forge: (issuer: Issuer) => Promise<string>;
}

async function createPair(kid: string): Promise<Pair> {
  const { publicKey, privateKey } = await generateKeyPair("EdDSA", { extractable: true });
  return {
    publicJwk: { ...(await exportJWK(publicKey)), kid, alg: "EdDSA" },
    privateJwk: { ...(await exportJWK(privateKey)), kid, alg: "EdDSA" },
    forge: ({ trust }) =>
      new SignJWT({ role: "operator" })
        .setProtectedHeader({ alg: "EdDSA", kid, typ: "at+jwt" })
        .setSubject("mallory")
        .setIssuer(trust.issuer)
        .setAudience(trust.audience)
        .setIssuedAt()
        .setExpirationTime("1m")
        .sign(privateKey),
  };
}

describe("keys of one set", () => {
  it("may share a key id", async () => {
    await using provider = await startProvider();
    const { verifier, issuer } = provider;
    const [key] = issuer.jwks.keys;
    const { publicJwk } = await createPair(key?.kid ?? "");
    provider.answer = json({ keys: [publicJwk, key] });
    await expect(verifier.verify(await issuer.mint())).resolves.toBeDefined();
    await using other = await createIssuer();
    await expect(verifier.verify(await other.mint())).rejects.toMatchObject(unauthenticated);
  });

  it("may be repeated", async () => {
    await using provider = await startProvider();
    const { verifier, issuer } = provider;
    provider.answer = json({ keys: [...issuer.jwks.keys, ...issuer.jwks.keys] });
    await expect(verifier.verify(await issuer.mint())).resolves.toBeDefined();
    await using other = await createIssuer();
    await expect(verifier.verify(await other.mint())).rejects.toMatchObject(unauthenticated);
  });

  it("may have keys of other types beside them", async () => {
    await using provider = await startProvider();
    const { verifier, issuer } = provider;
    const kid = "key-1";
    const others = [
      { kty: "oct", k: "c2VjcmV0", kid, alg: "HS256" },
      { kty: "OKP", crv: "Ed25519", x: "AAAA", kid },
      { kty: "XYZ", kid },
    ];
    provider.answer = json({ keys: [...others, ...issuer.jwks.keys] });
    await expect(verifier.verify(await issuer.mint())).resolves.toBeDefined();
  });

  it.each([
    ["use is enc", { use: "enc" }],
    ["operations do not include verify", { key_ops: ["encrypt"] }],
    ["algorithm is another one", { alg: "ES256" }],
  ])("verify no token when their %s", async (_name, change) => {
    await using provider = await startProvider();
    const { verifier, issuer } = provider;
    const { publicJwk, forge } = await createPair("key-2");
    provider.answer = json({ keys: [...issuer.jwks.keys, { ...publicJwk, ...change }] });
    await expect(verifier.verify(await issuer.mint())).resolves.toBeDefined();
    await expect(verifier.verify(await forge(issuer))).rejects.toMatchObject(unauthenticated);
  });
});

describe("a private key in a key set", () => {
  it("makes the set refused, with an error that names the key and shows nothing of it", async () => {
    await using provider = await startProvider();
    const { verifier, issuer } = provider;
    const { privateJwk, forge } = await createPair("leaked");
    provider.answer = json({ keys: [...issuer.jwks.keys, privateJwk] });
    for (const token of [await forge(issuer), await issuer.mint()]) {
      await expect(verifier.verify(token)).rejects.toMatchObject({ code: Code.Unavailable });
    }
    const reason = await verifier.assertReady().catch((error: unknown) => inspect(error));
    expect(reason).toContain(
      'expected public keys alone in the key set, got the private key "leaked": replace that key, and publish its public part',
    );
    expect(reason).not.toContain(privateJwk.d);
  });

  it("is trusted no more, while the other last good keys serve on", async () => {
    await using provider = await startProvider();
    const { verifier, issuer } = provider;
    const { privateJwk, publicJwk, forge } = await createPair("leaked");
    provider.answer = json({ keys: [...issuer.jwks.keys, publicJwk] });
    await expect(verifier.verify(await forge(issuer))).resolves.toBeDefined();
    // The same key, under another id.
    const renamed = { ...privateJwk, kid: "renamed" };
    provider.answer = json({ keys: [...issuer.jwks.keys, publicJwk, renamed] });
    clock.advance(hour);
    await verifier.verify(await issuer.mint());
    await vi.waitFor(() => expect(verifier.assertFresh()).rejects.toThrow("private key"), {
      timeout: 5_000,
    });
    await expect(verifier.verify(await forge(issuer))).rejects.toThrow(/./);
    await expect(verifier.verify(await issuer.mint())).resolves.toBeDefined();
    await expect(verifier.assertReady()).resolves.toBeUndefined();
  });

  it("leaves a process whose only key it was without keys, until there is another one", async () => {
    await using provider = await startProvider();
    const { verifier, issuer } = provider;
    const { privateJwk, publicJwk, forge } = await createPair("leaked");
    provider.answer = json({ keys: [publicJwk] });
    await verifier.verify(await forge(issuer));
    provider.answer = json({ keys: [privateJwk] });
    clock.advance(hour);
    await vi.waitFor(() => expect(verifier.assertReady()).rejects.toThrow(/./), {
      timeout: 5_000,
    });
    await expect(verifier.verify(await forge(issuer))).rejects.toMatchObject({
      code: Code.Unavailable,
    });
    provider.answer = json(issuer.jwks);
    clock.advance(hour);
    await expect(verifier.verify(await issuer.mint())).resolves.toBeDefined();
    await expect(verifier.verify(await forge(issuer))).rejects.toMatchObject(unauthenticated);
  });

  it("makes a file refused, also one that has only that key", async () => {
    await using issuer = await createIssuer();
    const { privateJwk, forge } = await createPair("leaked");
    await writeFile(issuer.trust.jwks, JSON.stringify({ keys: [privateJwk] }));
    const verifier = createTokenVerifier(issuer.trust);
    await expect(verifier.assertReady()).rejects.toThrow('got the private key "leaked"');
    await expect(verifier.verify(await forge(issuer))).rejects.toMatchObject({
      code: Code.Unavailable,
    });
  });
});

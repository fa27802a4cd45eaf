import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { Code } from "@connectrpc/connect";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { json, mockClock, startProvider } from "../../test/provider.ts";

const minute = 60_000;
const hour = 60 * minute;

let clock: ReturnType<typeof mockClock>;
beforeEach(() => {
  clock = mockClock();
});
afterEach(() => {
  vi.restoreAllMocks();
});

const exportPrivate = async (algorithm: string): Promise<JWK> => ({
  ...(await exportJWK((await generateKeyPair(algorithm, { extractable: true })).privateKey)),
  kid: "key-1",
});
const exportPublic = async (): Promise<JWK> => ({
  ...(await exportJWK((await generateKeyPair("EdDSA")).publicKey)),
  kid: "key-1",
});
const symmetric = { kty: "oct", k: "c2VjcmV0", kid: "key-1", alg: "HS256" };
const malformed = { kty: "OKP", crv: "Ed25519", x: "AAAA", kid: "key-1" };
const key = await exportPublic();

const troubles: Readonly<Record<string, (response: ServerResponse) => void>> = {
  "503": (response) => response.writeHead(503).end(),
  "204": (response) => response.writeHead(204).end(),
  "a page": (response) => response.end("<html>"),
  nothing: (response) => response.end(),
  "no answer": () => {},
  "a closed connection": (response) => response.destroy(),
  "half of a set": (response) => {
    response.writeHead(200, { "content-length": 1_000 });
    response.write('{"keys":[', () => response.destroy());
  },
  "a slow drip": (response) => {
    response.writeHead(200);
    const drip = setInterval(() => response.write(" "), 20);
    response.once("close", () => clearInterval(drip));
  },
  "a huge answer": (response) => {
    const send = (): void => {
      if (!response.destroyed) response.write("x".repeat(64 * 1024), send);
    };
    send();
  },
  "a small answer that becomes a huge one": (response) =>
    response
      .writeHead(200, { "content-encoding": "gzip" })
      .end(gzipSync(Buffer.alloc(1024 * 1024, " "))),
  "a redirect": (response) => response.writeHead(302, { location: "/elsewhere" }).end(),
  "a redirect with a set": (response) =>
    response.writeHead(308, { location: "/elsewhere" }).end(JSON.stringify({ keys: [key] })),
  null: json(null),
  "an empty set": json({ keys: [] }),
  "no set": json([]),
  "a key instead of a set": json(key),
  "keys by their ids": json({ keys: { "key-1": key } }),
  "keys that are texts": json({ keys: [JSON.stringify(key)] }),
  "keys of another type": json({ keys: [symmetric, { kty: "XYZ", kid: "key-1" }] }),
  "keys that encrypt": json({ keys: [{ ...key, use: "enc" }] }),
  "keys that are too short": json({ keys: [await exportShortKey()] }),
  "malformed keys": json({ keys: [malformed] }),
  "a thousand keys": json({ keys: Array.from({ length: 1_000 }, () => malformed) }),
  "a private key": json({ keys: [await exportPrivate("EdDSA")] }),
  "a private key beside a public one": json({ keys: [key, await exportPrivate("ES256")] }),
  "a private key that encrypts": json({
    keys: [key, { ...(await exportPrivate("RS256")), use: "enc" }],
  }),
};

/** Exports an RSA key of 1,024 bits. */
async function exportShortKey(): Promise<JWK> {
  const { publicKey } = await crypto.subtle.generateKey(
    {
      name: "RSASSA-PKCS1-v1_5",
      modulusLength: 1_024,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: "SHA-256",
    },
    true,
    ["sign", "verify"],
  );
  return { ...(await crypto.subtle.exportKey("jwk", publicKey)), kid: "key-1" };
}

describe("stays up: while the identity provider answers with", { timeout: 30_000 }, () => {
  it.each(Object.entries(troubles))("%s, the last good keys serve on", async (_name, answer) => {
    await using provider = await startProvider();
    const { verifier, issuer } = provider;
    const token = await issuer.mint();
    await verifier.verify(token);
    provider.answer = answer;
    clock.advance(hour);
    await expect(verifier.verify(token)).resolves.toBeDefined();
    await expect(verifier.assertReady()).resolves.toBeUndefined();
    await vi.waitFor(() => expect(verifier.assertFresh()).rejects.toThrow(/./), { timeout: 5_000 });
    await expect(verifier.verify(token)).resolves.toBeDefined();
  });

  it.each(Object.entries(troubles))(
    "%s from the start, calls are unavailable and the process is not ready",
    async (_name, answer) => {
      await using provider = await startProvider();
      provider.answer = answer;
      const { verifier, issuer } = provider;
      const token = await issuer.mint();
      await expect(verifier.verify(token)).rejects.toMatchObject({ code: Code.Unavailable });
      await expect(verifier.assertReady()).rejects.toThrow("cannot be fetched");
      const after = provider.requests;
      for (let call = 0; call < 20; call += 1) {
        await expect(verifier.verify(token)).rejects.toMatchObject({ code: Code.Unavailable });
      }
      expect(provider.requests - after).toBeLessThan(4);
    },
  );

  it("one type after another, it serves on and accepts the keys when they are back", async () => {
    await using provider = await startProvider();
    const { verifier, issuer } = provider;
    const token = await issuer.mint();
    await verifier.verify(token);
    /** Lets attempts become due, one after another, until what is expected holds. */
    const waitFor = (expected: () => Promise<void>) =>
      vi.waitFor(
        async () => {
          clock.advance(2 * minute);
          await verifier.verify(token);
          await expected();
        },
        { timeout: 10_000 },
      );
    for (const answer of [json({ keys: {} }), json([key]), json("keys"), json(1)]) {
      provider.answer = answer;
      const earlier = provider.requests;
      await waitFor(async () => {
        expect(provider.requests).toBeGreaterThan(earlier);
        await expect(verifier.assertFresh()).rejects.toThrow(/./);
      });
    }
    provider.answer = json(issuer.jwks);
    await waitFor(() => expect(verifier.assertFresh()).resolves.toBeUndefined());
  });
});

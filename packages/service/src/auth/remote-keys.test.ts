import { createServer, type RequestListener, type ServerResponse } from "node:http";
import { Code } from "@connectrpc/connect";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startEcho } from "../../test/echo.ts";
import type { Issuer } from "../../test/issuer.ts";
import { createIssuer } from "../../test/issuer.ts";
import { createTokenVerifier, type TokenVerifier } from "./token-verifier.ts";

const minute = 60_000;
const hour = 60 * minute;

/** An identity provider whose answers a test chooses, and a verifier that trusts it. */
interface Provider extends AsyncDisposable {
  readonly issuer: Issuer;
  readonly verifier: TokenVerifier;
  readonly jwks: string;
  /** How many requests it got. */
  requests: number;
  /** Answers the requests. Default: the issuer's key set. */
  answer: (response: ServerResponse) => void;
}

let clockOffset = 0;
beforeEach(() => {
  clockOffset = 0;
  const readClock = performance.now.bind(performance);
  vi.spyOn(performance, "now").mockImplementation(() => readClock() + clockOffset);
  const createTimeout = AbortSignal.timeout.bind(AbortSignal);
  vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => createTimeout(ms / 5));
});
afterEach(() => {
  vi.restoreAllMocks();
});

async function startProvider(options = {}): Promise<Provider> {
  const issuer = await createIssuer();
  const onRequest: RequestListener = (_request, response) => {
    provider.requests += 1;
    provider.answer(response);
  };
  const server = createServer(onRequest).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const jwks = `http://127.0.0.1:${port}/jwks`;
  const provider: Provider = {
    issuer,
    jwks,
    verifier: createTokenVerifier({ ...issuer.trust, jwks, ...options }),
    requests: 0,
    answer: (response) => response.end(JSON.stringify(issuer.jwks)),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await issuer[Symbol.asyncDispose]();
    },
  };
  return provider;
}

const json = (body: unknown) => (response: ServerResponse) => response.end(JSON.stringify(body));
const symmetric = { kty: "oct", k: "c2VjcmV0", kid: "key-1", alg: "HS256" };
const malformed = { kty: "OKP", crv: "Ed25519", x: "AAAA", kid: "key-1" };

const troubles: Readonly<Record<string, (response: ServerResponse) => void>> = {
  "503": (response) => response.writeHead(503).end(),
  "a page": (response) => response.end("<html>"),
  "no answer": () => {},
  "a closed connection": (response) => response.destroy(),
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
  "a redirect": (response) => response.writeHead(302, { location: "/elsewhere" }).end(),
  "an empty set": json({ keys: [] }),
  "no set": json([]),
  "keys of another type": json({ keys: [symmetric, { kty: "XYZ", kid: "key-1" }] }),
  "malformed keys": json({ keys: [malformed] }),
  "a thousand keys": json({ keys: Array.from({ length: 1_000 }, () => malformed) }),
};

describe("while the identity provider answers with", () => {
  it.each(Object.entries(troubles))("%s, the last good keys serve on", async (_name, answer) => {
    await using provider = await startProvider();
    const { verifier, issuer } = provider;
    const token = await issuer.mint();
    await verifier.verify(token);
    provider.answer = answer;
    clockOffset += hour;
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
});

describe("keys of an identity provider", () => {
  it("are unavailable at last when they cannot be fetched again for their longest time", async () => {
    await using provider = await startProvider({ maxStaleKeysMs: 2 * hour });
    const token = await provider.issuer.mint();
    await provider.verifier.verify(token);
    provider.answer = (response) => response.writeHead(503).end();
    clockOffset += hour;
    await expect(provider.verifier.verify(token)).resolves.toBeDefined();
    clockOffset += hour;
    await expect(provider.verifier.verify(token)).rejects.toMatchObject({
      code: Code.Unavailable,
    });
    provider.answer = json(provider.issuer.jwks);
    clockOffset += minute;
    await expect(provider.verifier.verify(token)).resolves.toBeDefined();
  });

  it("are fetched with growing pauses while that fails", async () => {
    await using provider = await startProvider();
    provider.answer = (response) => response.writeHead(503).end();
    const token = await provider.issuer.mint();
    for (let second = 0; second < 600; second += 1) {
      await provider.verifier.verify(token).catch(() => {});
      clockOffset += 1_000;
    }
    expect(provider.requests).toBeGreaterThan(10);
    expect(provider.requests).toBeLessThan(30);
  });

  it("are fetched once for any number of unknown key ids", async () => {
    await using provider = await startProvider();
    const { verifier, issuer } = provider;
    await verifier.verify(await issuer.mint());
    const { privateKey } = await generateKeyPair("EdDSA");
    const tokens = Array.from({ length: 50 }, (_, index) =>
      new SignJWT({ role: "rider" })
        .setProtectedHeader({ alg: "EdDSA", kid: `random-${index}` })
        .setExpirationTime("1m")
        .sign(privateKey),
    );
    clockOffset += minute;
    for (const token of tokens) {
      await expect(verifier.verify(await token)).rejects.toMatchObject({
        code: Code.Unauthenticated,
      });
    }
    await Promise.allSettled(tokens.map(async (token) => verifier.verify(await token)));
    expect(provider.requests).toBe(2);
  });

  it("are fetched again for a new key", async () => {
    await using provider = await startProvider();
    const { verifier, issuer } = provider;
    await verifier.verify(await issuer.mint());
    await issuer.rotate();
    clockOffset += minute;
    await expect(verifier.verify(await issuer.mint())).resolves.toBeDefined();
    expect(provider.requests).toBe(2);
  });

  it("make a token with a new key unavailable while they cannot be fetched", async () => {
    await using provider = await startProvider();
    const { verifier, issuer } = provider;
    await verifier.verify(await issuer.mint());
    await issuer.rotate();
    provider.answer = (response) => response.writeHead(503).end();
    clockOffset += minute;
    await expect(verifier.verify(await issuer.mint())).rejects.toMatchObject({
      code: Code.Unavailable,
    });
  });

  it("may share a key id", async () => {
    await using provider = await startProvider();
    const { verifier, issuer } = provider;
    const { publicKey } = await generateKeyPair("EdDSA");
    const [key] = issuer.jwks.keys;
    provider.answer = json({ keys: [{ ...(await exportJWK(publicKey)), kid: key?.kid }, key] });
    await expect(verifier.verify(await issuer.mint())).resolves.toBeDefined();
    await using other = await createIssuer();
    await expect(verifier.verify(await other.mint())).rejects.toMatchObject({
      code: Code.Unauthenticated,
    });
  });

  it("may have keys of other types beside them", async () => {
    await using provider = await startProvider();
    const { verifier, issuer } = provider;
    provider.answer = json({ keys: [symmetric, malformed, ...issuer.jwks.keys] });
    await expect(verifier.verify(await issuer.mint())).resolves.toBeDefined();
  });
});

describe("a token that no key signed", () => {
  it.each([
    ["without an algorithm", async () => new UnsecuredJWT({ role: "rider" }).encode()],
    [
      "signed with the public key as a secret",
      async ({ issuer }: Provider) => {
        const { publicKey } = await generateKeyPair("EdDSA", { extractable: true });
        const secret = new TextEncoder().encode(await exportSPKI(publicKey));
        const kid = issuer.jwks.keys[0]?.kid ?? "";
        return await new SignJWT({ role: "operator" })
          .setProtectedHeader({ alg: "HS256", kid })
          .sign(secret);
      },
    ],
    ["of three empty parts", async () => ".."],
    ["with a header that is no JSON", async () => "YQ.YQ.YQ"],
    [
      "with an expiry that is no time",
      async ({ issuer }: Provider) => issuer.mint({ exp: -1e300 }),
    ],
    ["with a text as its expiry", async ({ issuer }: Provider) => issuer.mint({ exp: "soon" })],
  ])("is refused %s", async (_name, mint) => {
    await using provider = await startProvider();
    await expect(provider.verifier.verify(await mint(provider))).rejects.toMatchObject({
      code: Code.Unauthenticated,
    });
  });
});

describe("the clock of the issuer", () => {
  it("may be off by the leeway", async () => {
    await using provider = await startProvider({ leewaySeconds: 30 });
    const now = Math.floor(Date.now() / 1000);
    const mint = (claims: Record<string, unknown>) => provider.issuer.mint(claims);
    const { verifier } = provider;
    await expect(verifier.verify(await mint({ exp: now - 20 }))).resolves.toBeDefined();
    await expect(verifier.verify(await mint({ nbf: now + 20 }))).resolves.toBeDefined();
    await expect(verifier.verify(await mint({ exp: now - 60 }))).rejects.toThrow("expired");
    await expect(verifier.verify(await mint({ nbf: now + 60 }))).rejects.toThrow("not valid yet");
  });
});

it("shows old keys as a degraded part, and stays ready", async () => {
  await using provider = await startProvider();
  await using echo = await startEcho(
    {},
    {
      access: { ...provider.verifier, allowedRoles: () => ["rider"] },
    },
  );
  const read = async (path: string) =>
    await (await fetch(`${echo.server.healthUrl}${path}`)).text();
  await expect.poll(() => read("/healthz")).toMatch(/"token-keys":{"state":"ok"/);
  provider.answer = (response) => response.writeHead(503).end();
  clockOffset += hour;
  await expect
    .poll(() => read("/healthz"), { timeout: 5_000 })
    .toMatch(/"token-keys":{"state":"degraded"/);
  expect((await fetch(`${echo.server.healthUrl}/readyz`)).status).toBe(200);
});

import { Code } from "@connectrpc/connect";
import { generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startEcho } from "../../test/echo.ts";
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

describe("keys of an identity provider", () => {
  it("are unavailable at last when they cannot be fetched again for their longest time", async () => {
    await using provider = await startProvider({ maxStaleKeysMs: 2 * hour });
    const token = await provider.issuer.mint();
    await provider.verifier.verify(token);
    provider.answer = (response) => response.writeHead(503).end();
    clock.advance(hour);
    await expect(provider.verifier.verify(token)).resolves.toBeDefined();
    clock.advance(hour);
    await expect(provider.verifier.verify(token)).rejects.toMatchObject({
      code: Code.Unavailable,
    });
    provider.answer = json(provider.issuer.jwks);
    clock.advance(minute);
    await expect(provider.verifier.verify(token)).resolves.toBeDefined();
  });

  it("are fetched with growing pauses while that fails", async () => {
    await using provider = await startProvider();
    provider.answer = (response) => response.writeHead(503).end();
    const token = await provider.issuer.mint();
    for (let second = 0; second < 600; second += 1) {
      await provider.verifier.verify(token).catch(() => {});
      clock.advance(1_000);
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
    clock.advance(minute);
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
    clock.advance(minute);
    await expect(verifier.verify(await issuer.mint())).resolves.toBeDefined();
    expect(provider.requests).toBe(2);
  });

  it("make a token with a new key unavailable while they cannot be fetched", async () => {
    await using provider = await startProvider();
    const { verifier, issuer } = provider;
    await verifier.verify(await issuer.mint());
    await issuer.rotate();
    provider.answer = (response) => response.writeHead(503).end();
    clock.advance(minute);
    await expect(verifier.verify(await issuer.mint())).rejects.toMatchObject({
      code: Code.Unavailable,
    });
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
  clock.advance(hour);
  await expect
    .poll(() => read("/healthz"), { timeout: 5_000 })
    .toMatch(/"token-keys":{"state":"degraded"/);
  expect((await fetch(`${echo.server.healthUrl}/readyz`)).status).toBe(200);
});

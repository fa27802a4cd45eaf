import { rm, writeFile } from "node:fs/promises";
import { inspect } from "node:util";
import { Code } from "@connectrpc/connect";
import { SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { createIssuer } from "../../test/issuer.ts";
import { listen } from "../server/listen.ts";
import { createTokenVerifier } from "./token-verifier.ts";

describe("createTokenVerifier()", () => {
  it("returns the caller of a token", async () => {
    await using issuer = await createIssuer();
    const verifier = createTokenVerifier(issuer.trust);
    const exp = Math.floor(Date.now() / 1000) + 60;
    const token = await issuer.mint({ sub: "olga", role: "operator", exp });
    expect(await verifier.verify(token)).toEqual({
      subject: "olga",
      role: "operator",
      expiresAt: new Date(exp * 1000),
    });
  });

  it("reads the keys again when their file changes", async () => {
    await using issuer = await createIssuer();
    const verifier = createTokenVerifier(issuer.trust);
    const old = await issuer.mint();
    await verifier.verify(old);
    await issuer.rotate();
    await expect(verifier.verify(await issuer.mint())).resolves.toBeDefined();
    await expect(verifier.verify(old)).rejects.toMatchObject({ code: Code.Unauthenticated });
  });

  it("is unavailable and not ready while the keys cannot be read", async () => {
    await using issuer = await createIssuer();
    const verifier = createTokenVerifier(issuer.trust);
    const token = await issuer.mint();
    await rm(issuer.trust.jwks);
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: Code.Unavailable });
    await expect(verifier.assertReady()).rejects.toThrow("ENOENT");
    await writeFile(issuer.trust.jwks, "{}");
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: Code.Unavailable });
    await writeFile(issuer.trust.jwks, JSON.stringify(issuer.jwks));
    await verifier.assertReady();
    await expect(verifier.verify(token)).resolves.toBeDefined();

    // Halfway through a replacement, the last keys stay in use.
    await writeFile(issuer.trust.jwks, "{");
    await expect(verifier.verify(token)).resolves.toBeDefined();
    await rm(issuer.trust.jwks);
    await verifier.assertReady();
    await expect(verifier.verify(token)).resolves.toBeDefined();
  });

  it("refuses an algorithm that is not configured", async () => {
    await using issuer = await createIssuer();
    const verifier = createTokenVerifier(issuer.trust);
    const key = new TextEncoder().encode(JSON.stringify(issuer.jwks.keys[0]));
    const token = await new SignJWT({ sub: "x", role: "operator" })
      .setProtectedHeader({ alg: "HS256" })
      .setIssuer(issuer.trust.issuer)
      .setAudience(issuer.trust.audience)
      .setExpirationTime("1m")
      .sign(key);
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: Code.Unauthenticated });
  });

  it.each([
    ["of another type", {}, { typ: "id+jwt" }, "another type, and not at+jwt"],
    ["without a type", {}, { typ: undefined }, "no type, and not at+jwt"],
    ["without an iat", { iat: undefined }, {}, 'requires an "iat"'],
    ["that lives too long", { iat: 0 }, {}, "request one with a shorter life"],
    ["of the future", { iat: 4e9, exp: 4e9 + 60 }, {}, "the token is not valid yet"],
  ])("refuses a token %s", async (_name, claims, header, reason) => {
    await using issuer = await createIssuer();
    const verifier = createTokenVerifier(issuer.trust);
    await expect(verifier.verify(await issuer.mint(claims, header))).rejects.toThrow(reason);
  });

  it("accepts the types and the lives that are configured", async () => {
    await using issuer = await createIssuer();
    const now = Math.floor(Date.now() / 1000);
    const verifier = createTokenVerifier({
      ...issuer.trust,
      types: ["at+jwt", "JWT"],
      maxLifetimeSeconds: 60,
    });
    await expect(verifier.verify(await issuer.mint({}, { typ: "jwt" }))).resolves.toBeDefined();
    await expect(
      verifier.verify(await issuer.mint({}, { typ: "application/at+jwt" })),
    ).resolves.toBeDefined();
    const exp = now + 120;
    await expect(verifier.verify(await issuer.mint({ exp }))).rejects.toThrow("shorter life");
    await expect(verifier.verify(await issuer.mint({ exp, role: "service" }))).rejects.toThrow(
      "shorter life",
    );
  });

  it("requires the audience of the role", async () => {
    await using issuer = await createIssuer();
    const verifier = createTokenVerifier({ ...issuer.trust, roleAudiences: { service: "fleet" } });
    const role = "service";
    const verify = async (claims: Record<string, unknown>) =>
      await verifier.verify(await issuer.mint(claims));
    for (const aud of ["the-audience", "billing", [], undefined]) {
      await expect(verify({ role, aud })).rejects.toThrow("request one for fleet");
    }
    await expect(verify({ aud: "fleet" })).rejects.toThrow("request one for the-audience");
    await expect(verify({ role, aud: ["billing", "fleet"] })).resolves.toBeDefined();
    await expect(verify({})).resolves.toBeDefined();
  });

  it("requires the subject of the key", async () => {
    await using issuer = await createIssuer();
    const subjects = new Map([["key-1", "worker"]]);
    const findKeySubject = (keyId: string) => subjects.get(keyId);
    const verifier = createTokenVerifier({ ...issuer.trust, findKeySubject });
    const reason = "a key that signs for another subject";
    await expect(verifier.verify(await issuer.mint({ sub: "trips" }))).rejects.toThrow(reason);
    const worker = { sub: "worker" };
    await expect(verifier.verify(await issuer.mint(worker, { kid: undefined }))).rejects.toThrow(
      reason,
    );
    await expect(verifier.verify(await issuer.mint(worker))).resolves.toBeDefined();
    await issuer.rotate();
    await expect(verifier.verify(await issuer.mint(worker))).rejects.toThrow(reason);
  });

  it("fetches the keys once for many tokens", async () => {
    await using issuer = await createIssuer();
    let fetches = 0;
    const listener = await listen(
      (_request, response) => {
        fetches += 1;
        response.end(JSON.stringify(issuer.jwks));
      },
      { host: "127.0.0.1", port: 0 },
    );
    const jwks = `http://127.0.0.1:${listener.port}/`;
    const verifier = createTokenVerifier({ ...issuer.trust, jwks });
    await verifier.assertReady();
    await verifier.verify(await issuer.mint());
    await verifier.verify(await issuer.mint());
    await verifier.assertReady();
    expect(fetches).toBe(1);
    await listener.close();
  });

  it("sends the credentials of the address as a header, and shows them in no error", async () => {
    await using issuer = await createIssuer();
    let login: string | undefined;
    const listener = await listen(
      ({ headers }, response) => {
        login = headers.authorization;
        response.end(JSON.stringify(issuer.jwks));
      },
      { host: "127.0.0.1", port: 0 },
    );
    const jwks = `http://app:s%40cret@127.0.0.1:${listener.port}/`;
    await createTokenVerifier({ ...issuer.trust, jwks }).verify(await issuer.mint());
    expect(login).toBe(`Basic ${btoa("app:s@cret")}`);
    await listener.close();
    const away = createTokenVerifier({ ...issuer.trust, jwks: "http://app:s3cret@127.0.0.1:1/" });
    const reason = await away.assertReady().catch((error: unknown) => inspect(error));
    expect(reason).not.toContain("s3cret");
  });

  it("is unavailable while the address does not answer", async () => {
    await using issuer = await createIssuer();
    const verifier = createTokenVerifier({ ...issuer.trust, jwks: "http://127.0.0.1:1/" });
    await expect(verifier.verify(await issuer.mint())).rejects.toMatchObject({
      code: Code.Unavailable,
    });
    await expect(verifier.assertReady()).rejects.toThrow("the key set cannot be fetched");
  });
});

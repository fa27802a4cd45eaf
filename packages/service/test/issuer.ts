import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GenerateKeyPairResult, JSONWebKeySet } from "jose";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { TokenVerifierOptions } from "../src/auth/token-verifier.ts";

/** An issuer of tokens, with its keys in a file. */
export interface Issuer extends AsyncDisposable {
  readonly trust: TokenVerifierOptions;
  readonly jwks: JSONWebKeySet;
  /** Signs a token. Default: a rider's, valid for a minute. */
  mint(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
  /** Replaces the key, also in the file. */
  rotate(): Promise<void>;
}

/** Creates an issuer with a new key. */
export async function createIssuer(): Promise<Issuer> {
  const folder = await mkdtemp(join(tmpdir(), "issuer-"));
  const trust = {
    jwks: join(folder, "jwks.json"),
    issuer: "the-issuer",
    audience: "the-audience",
    roles: ["rider", "operator", "service"],
  };
  const jwks: JSONWebKeySet = { keys: [] };
  let generation = 0;
  let key = await next();

  async function next(): Promise<GenerateKeyPairResult["privateKey"]> {
    const { publicKey, privateKey } = await generateKeyPair("EdDSA");
    generation += 1;
    jwks.keys = [{ ...(await exportJWK(publicKey)), kid: `key-${generation}`, alg: "EdDSA" }];
    await writeFile(trust.jwks, JSON.stringify(jwks));
    return privateKey;
  }

  return {
    trust,
    jwks,
    async mint(claims = {}, header = {}) {
      const now = Math.floor(Date.now() / 1000);
      return await new SignJWT({
        sub: "rider-1",
        role: "rider",
        iss: trust.issuer,
        aud: trust.audience,
        iat: now,
        exp: now + 60,
        ...claims,
      })
        .setProtectedHeader({ alg: "EdDSA", kid: `key-${generation}`, typ: "at+jwt", ...header })
        .sign(key);
    },
    async rotate() {
      key = await next();
    },
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true });
    },
  };
}

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GenerateKeyPairResult, JSONWebKeySet } from "jose";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { TokenVerifierOptions } from "../src/auth/token-verifier.ts";

export interface Issuer extends AsyncDisposable {
  readonly trust: TokenVerifierOptions;
  readonly jwks: JSONWebKeySet;
  /** mint signs claims; by default those of a rider, valid for a minute. */
  mint(claims?: Record<string, unknown>): Promise<string>;
  /** rotate replaces the key, in the file too. */
  rotate(): Promise<void>;
}

/** createIssuer makes keys, a file of the public ones, and tokens. */
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
    async mint(claims = {}) {
      const now = Math.floor(Date.now() / 1000);
      return await new SignJWT({
        sub: "rider-1",
        role: "rider",
        iss: trust.issuer,
        aud: trust.audience,
        exp: now + 60,
        ...claims,
      })
        .setProtectedHeader({ alg: "EdDSA", kid: `key-${generation}` })
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

import { decodeJwt } from "jose";
import type { TokenVerifier, TokenVerifierOptions } from "./token-verifier.ts";
import { createTokenVerifier } from "./token-verifier.ts";

/**
 * Creates a verifier of the tokens of several issuers, each with its own keys, roles and lives. It refuses a
 * token of another issuer as the first verifier does, and is ready when all are.
 *
 * @example
 * const verifier = createMultiIssuerVerifier([
 *   { jwks: "https://login.example.com/jwks.json", issuer: "https://login.example.com", audience: "shop", roles: ["rider"] },
 *   { jwks: "./service-jwks.json", issuer: "shop-services", audience: "fleet", roles: ["service"] },
 * ]);
 */
export function createMultiIssuerVerifier(
  issuers: readonly [TokenVerifierOptions, ...TokenVerifierOptions[]],
): TokenVerifier {
  const [first, ...others] = issuers;
  const fallback = createTokenVerifier(first);
  const verifiers = new Map([[first.issuer, fallback]]);
  for (const options of others) verifiers.set(options.issuer, createTokenVerifier(options));
  if (verifiers.size < issuers.length) {
    const names = issuers.map(({ issuer }) => issuer).join(", ");
    throw new Error(`expected issuers of different names, got ${names}: rename one`);
  }
  return {
    verify: (token) => (verifiers.get(readIssuer(token)) ?? fallback).verify(token),
    async assertReady() {
      for (const verifier of verifiers.values()) await verifier.assertReady();
    },
    async assertFresh() {
      for (const verifier of verifiers.values()) await verifier.assertFresh();
    },
  };
}

/** Returns the issuer that a token claims; each verifier accepts its own issuer alone. */
function readIssuer(token: string): string {
  try {
    return decodeJwt(token).iss ?? "";
  } catch {
    return "";
  }
}

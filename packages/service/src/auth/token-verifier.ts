import { Code, ConnectError } from "@connectrpc/connect";
import type { JWTVerifyOptions, JWTVerifyResult } from "jose";
import { errors, jwtVerify } from "jose";
import { z } from "zod";
import { findUnsafeCharacter } from "../text/escape-text.ts";
import type { Caller } from "./caller.ts";
import { explainTokenError } from "./explain-token-error.ts";
import type { TokenKeys } from "./key-set.ts";
import { openTokenKeys } from "./token-keys.ts";

/** The tokens that a verifier accepts. */
export interface TokenVerifierOptions {
  /** The file or http(s) address of a JSON Web Key Set. */
  readonly jwks: string;
  readonly issuer: string;
  readonly audience: string;
  /** The audiences of single roles, instead of `audience`, such as the service's own name for other services. */
  readonly roleAudiences?: Readonly<Record<string, string>>;
  /** The roles that a token may have. */
  readonly roles: readonly string[];
  /** The accepted signature algorithms. Default: Ed25519 alone. */
  readonly algorithms?: readonly string[];
  /**
   * The accepted types of a token, its header `typ`, such as `JWT` for issuers without RFC 9068. Default:
   * `at+jwt` alone, so that no other token of the issuer is taken for an access token.
   */
  readonly types?: readonly string[];
  /** The longest time from `iat` to `exp`, in seconds. Default: 24 hours. */
  readonly maxLifetimeSeconds?: number;
  /**
   * Returns the subject whose key has this id. A token requires the id of its key, and that subject. Default:
   * every key signs tokens for every subject.
   */
  readonly findKeySubject?: (keyId: string) => string | undefined;
  /** How far the issuer's clock may be off, in seconds, when times of a token are checked. Default: 5. */
  readonly leewaySeconds?: number | undefined;
  /**
   * How long keys that cannot be fetched again stay in use, in milliseconds. Default: 24 hours. A key file
   * has no limit.
   */
  readonly maxStaleKeysMs?: number;
}

/** Authenticates callers by their tokens. */
export interface TokenVerifier {
  /**
   * Returns the caller of a valid token. Throws a ConnectError: `unauthenticated` with the reason for
   * an invalid token, `unavailable` when there are no keys.
   */
  verify(token: string): Promise<Caller>;
  /** Rejects with the reason while there are no keys. */
  assertReady(): Promise<void>;
  /** Rejects with the reason while the keys cannot be read again, also when older ones are in use. */
  assertFresh(): Promise<void>;
}

/**
 * Creates a verifier of JSON Web Tokens from one issuer. A token requires an expiry, a subject and
 * one of the roles. The keys are read again when they change. While that fails, the last ones stay in use.
 *
 * @example
 * const verifier = createTokenVerifier({
 *   jwks: "https://login.example.com/jwks.json",
 *   issuer: "https://login.example.com",
 *   audience: "fleet",
 *   roles: ["rider", "operator"],
 * });
 * const { role, subject } = await verifier.verify(token);
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const keys = openTokenKeys(options.jwks, { maxStaleMs: options.maxStaleKeysMs });
  const claims = z.object({
    sub: z
      .string()
      .min(1)
      .refine((text) => findUnsafeCharacter(text) === undefined),
    role: z.enum(options.roles),
    exp: z.number(),
    iat: z.number(),
  });
  const leeway = options.leewaySeconds ?? 5;
  const expected: JWTVerifyOptions = {
    algorithms: [...(options.algorithms ?? ["EdDSA", "Ed25519"])],
    issuer: options.issuer,
    clockTolerance: leeway,
    requiredClaims: ["exp"],
  };
  return {
    async verify(token) {
      let verified: JWTVerifyResult;
      try {
        verified = await verifySignature(token, keys, expected);
      } catch (error) {
        throw createTokenError(error, options);
      }
      assertType(verified.protectedHeader.typ, options.types);
      const result = claims.safeParse(verified.payload);
      if (!result.success) {
        throw refuse(
          `the token requires an "iat", a "sub" and a "role" that is one of ${options.roles.join(", ")}: request another token`,
        );
      }
      const { role, sub: subject, exp, iat } = result.data;
      assertAudience(verified.payload.aud, options.roleAudiences?.[role] ?? options.audience);
      assertSubject(subject, verified.protectedHeader.kid, options.findKeySubject);
      // Otherwise a life of an allowed length could end at any time.
      if (iat > Date.now() / 1000 + leeway) {
        throw refuse("the token is not valid yet, as its iat is in the future: call again later");
      }
      const longest = options.maxLifetimeSeconds ?? 86_400;
      if (exp - iat > longest) {
        throw refuse(
          `the token is valid for ${exp - iat} s, and ${longest} s are allowed: request one with a shorter life`,
        );
      }
      return { role, subject, expiresAt: new Date(exp * 1000) };
    },
    assertReady: () => keys.load(),
    assertFresh: () => keys.assertFresh(),
  };
}

/** Verifies a token, with each of the keys that have its key id if several have it. */
async function verifySignature(
  token: string,
  keys: TokenKeys,
  expected: JWTVerifyOptions,
): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(token, keys.find, expected);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      try {
        return await jwtVerify(token, key, expected);
      } catch (reason) {
        if (!(reason instanceof errors.JWSSignatureVerificationFailed)) throw reason;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

/** Returns a media type without its default prefix, as RFC 7515 compares them. */
function normalize(type: string): string {
  return type.toLowerCase().replace(/^application\//, "");
}

function assertType(found: string | undefined, types: readonly string[] = ["at+jwt"]): void {
  if (found !== undefined && types.map(normalize).includes(normalize(found))) return;
  throw refuse(
    `the token has ${found === undefined ? "no type" : "another type"}, and not ${types.join(" or ")}: send an access token`,
  );
}

function assertAudience(found: string | readonly string[] = [], expected: string): void {
  if ([found].flat().includes(expected)) return;
  throw refuse(`the token is for another audience: request one for ${expected}`);
}

function assertSubject(
  subject: string,
  keyId: string | undefined,
  findKeySubject: TokenVerifierOptions["findKeySubject"],
): void {
  if (findKeySubject === undefined) return;
  if (keyId !== undefined && findKeySubject(keyId) === subject) return;
  throw refuse("the token has a key that signs for another subject: sign with the subject's own");
}

function refuse(message: string): ConnectError {
  return new ConnectError(message, Code.Unauthenticated);
}

function createTokenError(error: unknown, options: TokenVerifierOptions): ConnectError {
  if (!(error instanceof errors.JOSEError) || isKeySetError(error)) {
    const message = "the keys that verify tokens cannot be read: call again later";
    return new ConnectError(message, Code.Unavailable, undefined, undefined, error);
  }
  const message = explainTokenError(error, options.issuer);
  return new ConnectError(message, Code.Unauthenticated, undefined, undefined, error);
}

function isKeySetError(error: unknown): boolean {
  return error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid;
}

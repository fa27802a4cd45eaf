import { Code, ConnectError } from "@connectrpc/connect";
import type { JWTPayload } from "jose";
import { errors, jwtVerify } from "jose";
import { z } from "zod";
import type { Caller } from "./caller.ts";
import { openTokenKeys } from "./token-keys.ts";

/** The tokens that a verifier accepts. */
export interface TokenVerifierOptions {
  /** The file or http(s) address of a JSON Web Key Set. */
  readonly jwks: string;
  readonly issuer: string;
  readonly audience: string;
  /** The roles that a token may have. */
  readonly roles: readonly string[];
  /** The accepted signature algorithms. Default: Ed25519 alone. */
  readonly algorithms?: readonly string[];
}

/** Authenticates callers by their tokens. */
export interface TokenVerifier {
  /**
   * Returns the caller of a valid token. Throws a ConnectError: `unauthenticated` with the reason for
   * an invalid token, `unavailable` when the keys cannot be read.
   */
  verify(token: string): Promise<Caller>;
  /** Rejects with the reason while the keys cannot be read. */
  assertReady(): Promise<void>;
}

/**
 * Creates a verifier of JSON Web Tokens from one issuer. A token requires an expiry, a subject and
 * one of the roles.
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
  const keys = openTokenKeys(options.jwks);
  const claims = z.object({ sub: z.string().min(1), role: z.enum(options.roles) });
  return {
    async verify(token) {
      let payload: JWTPayload;
      try {
        const verified = await jwtVerify(token, keys.find, {
          algorithms: [...(options.algorithms ?? ["EdDSA", "Ed25519"])],
          issuer: options.issuer,
          audience: options.audience,
          requiredClaims: ["exp"],
        });
        payload = verified.payload;
      } catch (error) {
        throw createTokenError(error, options);
      }
      const result = claims.safeParse(payload);
      if (result.success) return { role: result.data.role, subject: result.data.sub };
      throw new ConnectError(
        `the token requires a "sub" and a "role" that is one of ${options.roles.join(", ")}: request another token`,
        Code.Unauthenticated,
      );
    },
    async assertReady() {
      await keys.load();
    },
  };
}

function createTokenError(error: unknown, options: TokenVerifierOptions): ConnectError {
  if (!(error instanceof errors.JOSEError) || isKeySetError(error)) {
    const message = "the keys that verify tokens cannot be read: call again later";
    return new ConnectError(message, Code.Unavailable, undefined, undefined, error);
  }
  const message = explainTokenError(error, options);
  return new ConnectError(message, Code.Unauthenticated, undefined, undefined, error);
}

function isKeySetError(error: unknown): boolean {
  return error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid;
}

function explainTokenError(error: Error, { issuer, audience }: TokenVerifierOptions): string {
  if (error instanceof errors.JWTExpired) {
    const since = new Date((error.payload.exp ?? 0) * 1000).toISOString();
    return `the token expired at ${since}: request a new one`;
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === "aud") {
      return `the token is for another audience: request one for ${audience}`;
    }
    if (error.claim === "iss")
      return `the token is from another issuer: request one from ${issuer}`;
    if (error.claim === "exp") return 'the token has no expiry: request one with an "exp" claim';
  }
  if (error instanceof errors.JWKSNoMatchingKey) {
    return `the token is not signed with a trusted key, as none has its kid and alg: request one from ${issuer}`;
  }
  if (
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed
  ) {
    return `the token is not signed with a trusted key: request one from ${issuer}`;
  }
  return "the token is not a valid JSON Web Token: request another one";
}

import { Code, ConnectError } from "@connectrpc/connect";
import type { JWTPayload } from "jose";
import { errors, jwtVerify } from "jose";
import { z } from "zod";
import type { Caller } from "./caller.ts";
import { openTokenKeys } from "./token-keys.ts";

/** TokenVerifierOptions fix what a token has to be. */
export interface TokenVerifierOptions {
  /** A file with a JSON Web Key Set, or the http(s) address of one. */
  readonly jwks: string;
  readonly issuer: string;
  readonly audience: string;
  /** The roles that a token may have. */
  readonly roles: readonly string[];
  /** Signature algorithms that are taken; Ed25519 alone by default. */
  readonly algorithms?: readonly string[];
}

/** TokenVerifier makes callers from tokens. */
export interface TokenVerifier {
  /**
   * verify returns whose token it is. It throws a ConnectError: unauthenticated with what is wrong
   * with the token, unavailable when the keys cannot be read.
   */
  verify(token: string): Promise<Caller>;
  /** ready rejects with the reason while the keys cannot be read. */
  assertReady(): Promise<void>;
}

/** createTokenVerifier makes a verifier that trusts the keys of one issuer. */
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
        throw refusal(error, options);
      }
      const result = claims.safeParse(payload);
      if (result.success) return { role: result.data.role, subject: result.data.sub };
      throw new ConnectError(
        `the token needs a "sub" and a "role" that is one of ${options.roles.join(", ")}: get another one`,
        Code.Unauthenticated,
      );
    },
    async assertReady() {
      await keys.load();
    },
  };
}

function refusal(error: unknown, options: TokenVerifierOptions): ConnectError {
  const unavailable = !(error instanceof errors.JOSEError) || isKeySetError(error);
  if (unavailable) {
    const message = "tokens cannot be checked right now, as the keys cannot be read: call again";
    return new ConnectError(message, Code.Unavailable, undefined, undefined, error);
  }
  const message = describe(error, options);
  return new ConnectError(message, Code.Unauthenticated, undefined, undefined, error);
}

function isKeySetError(error: unknown): boolean {
  return error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid;
}

function describe(error: Error, { issuer, audience }: TokenVerifierOptions): string {
  if (error instanceof errors.JWTExpired) {
    const since = new Date((error.payload.exp ?? 0) * 1000).toISOString();
    return `the token expired at ${since}: get a new one`;
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === "aud") return `the token is for another audience: get one for ${audience}`;
    if (error.claim === "iss") return `the token is from another issuer: get one from ${issuer}`;
    if (error.claim === "exp") return "the token does not say when it expires: get one that does";
  }
  if (
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JOSEAlgNotAllowed
  ) {
    return `the token is not signed with a key that is trusted here: get one from ${issuer}`;
  }
  return "the token is not a valid JSON Web Token: get another one";
}

import { errors } from "jose";

/** Explains to a caller why a token that this issuer should have signed is refused, and what to do. */
export function explainTokenError(error: Error, issuer: string): string {
  if (error instanceof errors.JWTExpired) {
    const since = formatTime(error.payload.exp);
    return `the token expired${since === undefined ? "" : ` at ${since}`}: request a new one`;
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === "iss")
      return `the token is from another issuer: request one from ${issuer}`;
    if (error.claim === "exp") return 'the token has no expiry: request one with an "exp" claim';
    if (error.claim === "nbf") return "the token is not valid yet: call again later";
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

/** Formats seconds since 1970, which the caller chose, in ISO 8601; undefined when they are no time. */
function formatTime(seconds: number | undefined): string | undefined {
  const time = new Date((seconds ?? Number.NaN) * 1000);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

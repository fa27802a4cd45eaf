import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeJwt, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";

/** A key pair that signs development tokens. */
export interface DevKeys {
  /** The file with the public key as a JWK Set, for AUTH_JWKS. */
  readonly jwksFile: string;
  /** For AUTH_ISSUER. */
  readonly issuer: string;
  /** For AUTH_AUDIENCE. */
  readonly audience: string;
  readonly keyId: string;
  readonly signingKey: JWK;
}

/** The claims of a development token. */
export interface TokenClaims {
  readonly role: "rider" | "operator" | "service";
  /** The rider's id, or the name of the operator or service. */
  readonly subject: string;
  /** A duration such as "1h" or "7 days"; "-1m" makes an expired token. Default: "1h". */
  readonly expiresIn?: string;
  /** Default: the audience of the keys. */
  readonly audience?: string;
  /** Default: the issuer of the keys. */
  readonly issuer?: string;
}

/** The file of the private key in the folder of the keys. */
export const signingKeyFile = "signing-key.json";

/**
 * The longest life of a token that a person requests, in seconds. A key that signs no more verifies tokens for
 * this long.
 */
export const longestTokenLife = 12 * 3600;

/**
 * Creates an Ed25519 key pair in a folder, or reads the one that is there. Only the current user may read
 * signing-key.json; jwks.json is public.
 */
export async function createDevKeys(folder: string): Promise<DevKeys> {
  await mkdir(folder, { recursive: true });
  const jwksFile = join(folder, "jwks.json");
  const signingKey = (await readSigningKey(folder)) ?? (await generateKeys(folder, jwksFile));
  const keyId = signingKey.kid ?? "dev";
  return { jwksFile, issuer: "fanfare-dev", audience: "fanfare", keyId, signingKey };
}

/** Signs a token that identifies a caller. Rejects a life of more than 12 hours of a token for the apps. */
export async function mintToken(keys: DevKeys, claims: TokenClaims): Promise<string> {
  const key = await importJWK(keys.signingKey, "EdDSA");
  const token = await new SignJWT({ role: claims.role })
    .setProtectedHeader({ alg: "EdDSA", kid: keys.keyId, typ: "at+jwt" })
    .setSubject(claims.subject)
    .setIssuer(claims.issuer ?? keys.issuer)
    .setAudience(claims.audience ?? keys.audience)
    .setIssuedAt()
    .setExpirationTime(claims.expiresIn ?? "1h")
    .sign(key);
  const { iat = 0, exp = 0 } = decodeJwt(token);
  const audience = claims.audience ?? keys.audience;
  const isForApps = claims.role === "service" || audience === keys.audience;
  if (!isForApps || exp - iat <= longestTokenLife) return token;
  throw new Error(
    `expected a life of at most ${longestTokenLife / 3600} hours, got ${claims.expiresIn}: ` +
      "a key verifies no longer than that after its rotation",
  );
}

async function readSigningKey(folder: string): Promise<JWK | undefined> {
  const text = await readFile(join(folder, signingKeyFile), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const key: JWK = JSON.parse(text);
  return key;
}

async function generateKeys(folder: string, jwksFile: string): Promise<JWK> {
  const { privateKey, publicKey } = await generateKey();
  await writeAtomically(jwksFile, { keys: [publicKey] }, 0o644);
  await writeAtomically(join(folder, signingKeyFile), privateKey, 0o600);
  return privateKey;
}

/** A key that signs tokens, and its public half, which verifies them. */
export interface SigningKey {
  readonly privateKey: JWK;
  readonly publicKey: JWK;
}

/** Generates a key with an id of its own, such as `dev-3f2a90bc`. By default it is an Ed25519 key. */
export async function generateKey(
  idPrefix = "dev-",
  alg: "EdDSA" | "ES256" = "EdDSA",
): Promise<SigningKey> {
  const pair = await generateKeyPair(alg, { extractable: true });
  const kid = `${idPrefix}${crypto.randomUUID().slice(0, 8)}`;
  return {
    privateKey: { ...(await exportJWK(pair.privateKey)), kid, alg },
    publicKey: { ...(await exportJWK(pair.publicKey)), kid, alg, use: "sig" },
  };
}

async function writeAtomically(file: string, value: unknown, mode: number): Promise<void> {
  await writeFile(`${file}.new`, `${JSON.stringify(value, undefined, 2)}\n`, { mode });
  await rename(`${file}.new`, file);
}

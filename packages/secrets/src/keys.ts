import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";

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

const signingKeyFile = "signing-key.json";

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

/** Signs a token that identifies a caller. */
export async function mintToken(keys: DevKeys, claims: TokenClaims): Promise<string> {
  const key = await importJWK(keys.signingKey, "EdDSA");
  return await new SignJWT({ role: claims.role })
    .setProtectedHeader({ alg: "EdDSA", kid: keys.keyId, typ: "at+jwt" })
    .setSubject(claims.subject)
    .setIssuer(claims.issuer ?? keys.issuer)
    .setAudience(claims.audience ?? keys.audience)
    .setIssuedAt()
    .setExpirationTime(claims.expiresIn ?? "1h")
    .sign(key);
}

async function readSigningKey(folder: string): Promise<JWK | undefined> {
  const text = await readFile(join(folder, signingKeyFile), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const key: JWK = JSON.parse(text);
  return key;
}

async function generateKeys(folder: string, jwksFile: string): Promise<JWK> {
  const { privateKey, publicKey } = await generateKeyPair("EdDSA", { extractable: true });
  const kid = `dev-${crypto.randomUUID().slice(0, 8)}`;
  const signingKey = { ...(await exportJWK(privateKey)), kid };
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: "EdDSA", use: "sig" };
  await writeAtomically(jwksFile, { keys: [jwk] }, 0o644);
  await writeAtomically(join(folder, signingKeyFile), signingKey, 0o600);
  return signingKey;
}

async function writeAtomically(file: string, value: unknown, mode: number): Promise<void> {
  await writeFile(`${file}.new`, `${JSON.stringify(value, undefined, 2)}\n`, { mode });
  await rename(`${file}.new`, file);
}

import { Code, ConnectError } from "@connectrpc/connect";
import type { JWK } from "jose";
import { importJWK, SignJWT } from "jose";
import { z } from "zod";
import { createFileReader } from "../config/file-reader.ts";

/** A key with which a process signs its own tokens, and what they state. */
export interface TokenKey {
  /** The file with the private key as a JSON Web Key with `kid` and `alg`, reread when it changes. */
  readonly file: string;
  readonly issuer: string;
  /** The name of the process that calls. */
  readonly subject: string;
  readonly role: string;
  /** The name of the service that is called. */
  readonly audience: string;
  /** The life of a token, in seconds. Default: 300. */
  readonly lifetimeSeconds?: number;
}

interface Signer {
  readonly key: Awaited<ReturnType<typeof importJWK>>;
  readonly header: { readonly alg: string; readonly kid: string; readonly typ: "at+jwt" };
}

const privateKey = z.looseObject({ kid: z.string(), alg: z.string(), d: z.string() });

/**
 * Creates a function that returns a token signed with a key. It signs another one when a fifth of the life
 * is left and when the key changes. While the file is missing or incomplete, it signs with the last key.
 * Throws a ConnectError `unavailable` as long as there was none.
 */
export function createTokenSigner(options: TokenKey): () => Promise<string> {
  const { file, lifetimeSeconds = 300 } = options;
  const signers = createFileReader(file, importKey);
  let current: { signer: Signer; renewAt: number; token: Promise<string> } | undefined;

  return async () => {
    const signer = await signers.read().catch((error: unknown) => {
      throw createKeyFileError(file, error);
    });
    const now = Date.now() / 1000;
    if (current?.signer !== signer || now >= current.renewAt) {
      const renewAt = now + lifetimeSeconds * 0.8;
      current = { signer, renewAt, token: sign(signer, options, now + lifetimeSeconds) };
    }
    return await current.token;
  };
}

async function importKey(text: string): Promise<Signer> {
  const key: JWK & z.infer<typeof privateKey> = privateKey.parse(JSON.parse(text));
  const { alg, kid } = key;
  return { key: await importJWK(key, alg), header: { alg, kid, typ: "at+jwt" } };
}

async function sign({ key, header }: Signer, options: TokenKey, end: number): Promise<string> {
  const { issuer, subject, role, audience, lifetimeSeconds = 300 } = options;
  return await new SignJWT({ role })
    .setProtectedHeader(header)
    .setIssuer(issuer)
    .setSubject(subject)
    .setAudience(audience)
    .setIssuedAt(Math.floor(end) - lifetimeSeconds)
    .setExpirationTime(Math.floor(end))
    .sign(key);
}

function createKeyFileError(path: string, cause: unknown): ConnectError {
  return new ConnectError(
    `the key file ${path} cannot be read: write a private key in JSON to it, with "kid" and "alg"`,
    Code.Unavailable,
    undefined,
    undefined,
    cause,
  );
}

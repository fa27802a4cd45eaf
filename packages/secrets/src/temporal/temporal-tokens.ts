import { decodeJwt, decodeProtectedHeader, importJWK, SignJWT } from "jose";
import type { SigningKey } from "../keys.ts";
import type { SecretsFolder } from "../secrets-folder.ts";
import { clientFiles } from "./temporal-files.ts";
import { renewBeforeMs, validForMs } from "./validity.ts";

/** Writes a client's token, unless it has one of this key and permission that is valid for another while. */
export async function writeToken(
  folder: SecretsFolder,
  client: string,
  { key, permission }: { readonly key: SigningKey; readonly permission: string },
): Promise<void> {
  const known = (await folder.read(client, clientFiles.token))?.trim();
  if (known !== undefined && isCurrent(known, { key, permission })) return;
  const { kid = "" } = key.privateKey;
  const token = await new SignJWT({ permissions: [permission] })
    .setProtectedHeader({ alg: "ES256", kid, typ: "JWT" })
    .setSubject(client)
    .setIssuer("fanfare")
    .setAudience("temporal")
    .setIssuedAt()
    .setExpirationTime(new Date(Date.now() + validForMs))
    .sign(await importJWK(key.privateKey, "ES256"));
  await folder.write(client, clientFiles.token, `${token}\n`);
}

function isCurrent(
  token: string,
  { key, permission }: { readonly key: SigningKey; readonly permission: string },
): boolean {
  const { exp = 0, permissions } = decodeJwt<{ readonly permissions?: readonly string[] }>(token);
  return (
    decodeProtectedHeader(token).kid === key.privateKey.kid &&
    permissions?.join() === permission &&
    exp * 1000 - Date.now() > renewBeforeMs
  );
}

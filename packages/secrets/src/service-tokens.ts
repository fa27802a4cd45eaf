import { dirname } from "node:path";
import { appNames, callsServices } from "@fanfare/topology";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { createDevKeys, mintToken } from "./keys.ts";
import type { SecretsFolder } from "./secrets-folder.ts";

/** Longer than a development stack is likely to run without a restart. */
const lifeDays = 365;
const file = "service.token";

/** Issues a new token for each app that calls other services. */
export async function issueServiceTokens(folder: SecretsFolder): Promise<void> {
  for (const app of appNames.filter(callsServices)) await issue(folder, app);
}

/** Issues the tokens that are missing, and those of which less than half of their life is left. */
export async function renewServiceTokens(folder: SecretsFolder): Promise<void> {
  for (const app of appNames.filter(callsServices)) {
    const token = await folder.read(app, file);
    if (token === undefined || !isFresh(token)) await issue(folder, app);
  }
}

async function issue(folder: SecretsFolder, subject: string): Promise<void> {
  const keys = await createDevKeys(dirname(folder.locate("keys", "jwks.json")));
  const claims = { role: "service", subject, expiresIn: `${lifeDays}d` } as const;
  await folder.write(subject, file, await mintToken(keys, claims));
}

/** Returns whether a token is one of today's form, with at least half of its life left. */
function isFresh(token: string): boolean {
  const { iat = 0, exp = 0 } = decodeJwt(token);
  if (decodeProtectedHeader(token).typ !== "at+jwt") return false;
  return exp - Date.now() / 1000 > (exp - iat) / 2;
}

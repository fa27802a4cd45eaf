import { dirname } from "node:path";
import { appNames, callsServices } from "@fanfare/topology";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { createDevKeys, mintToken } from "./keys.ts";
import type { SecretsPart } from "./secrets-part.ts";

/** Longer than a development stack is likely to run without a restart. */
const lifeDays = 365;

/** The token of each app that calls other services. */
export const tokensPart: SecretsPart = {
  name: "tokens",
  async create({ folder }) {
    const keys = await createDevKeys(dirname(folder.locate("keys", "jwks.json")));
    for (const subject of appNames.filter(callsServices)) {
      const token = await folder.read(subject, "service.token");
      if (token !== undefined && isFresh(token)) continue;
      const claims = { role: "service", subject, expiresIn: `${lifeDays}d` } as const;
      await folder.write(subject, "service.token", await mintToken(keys, claims));
    }
  },
};

/** Returns whether a token is one of today's form, with at least half of its life left. */
function isFresh(token: string): boolean {
  const { iat = 0, exp = 0 } = decodeJwt(token);
  if (decodeProtectedHeader(token).typ !== "at+jwt") return false;
  return exp - Date.now() / 1000 > (exp - iat) / 2;
}

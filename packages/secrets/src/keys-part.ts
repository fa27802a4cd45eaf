import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { appNames, servesCalls } from "@fanfare/topology";
import { createDevKeys } from "./keys.ts";
import type { SecretsPart } from "./secrets-part.ts";

/** The keys that sign tokens, for who issues them, and the public keys for each app. */
export const keysPart: SecretsPart = {
  name: "keys",
  async create({ folder }) {
    const keys = await createDevKeys(dirname(folder.locate("keys", "jwks.json")));
    const jwks = await readFile(keys.jwksFile, "utf8");
    for (const name of appNames.filter(servesCalls)) await folder.write(name, "jwks.json", jwks);
  },
};

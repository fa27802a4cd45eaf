import { dirname } from "node:path";
import { createDevKeys } from "./keys.ts";
import { readPublicKeys, writePublicKeys } from "./public-keys.ts";
import { rotateKeys } from "./rotate-keys.ts";
import type { SecretsPart } from "./secrets-part.ts";

/** The keys that sign tokens, for who issues them, and the public keys for each app. */
export const keysPart: SecretsPart = {
  name: "keys",
  async create({ folder }) {
    await createDevKeys(dirname(folder.locate("keys", "jwks.json")));
    const keys = await readPublicKeys(folder);
    const now = Date.now() / 1000;
    await writePublicKeys(
      folder,
      keys.filter(({ exp = now }) => exp >= now),
    );
  },
  rotate: rotateKeys,
};

import { addCodecKey } from "@fanfare/saga/codec";
import { appNames, usesTemporal } from "@fanfare/topology";
import type { SecretsPart } from "./secrets-part.ts";

/** The file of the keys that encrypt the payloads of Temporal. */
export const codecKeysFile = "codec-keys.json";

/** The keys that encrypt the payloads of Temporal, the same for each app that uses it. */
export const codecPart: SecretsPart = {
  name: "codec",
  async create({ folder }) {
    const keys = (await folder.read("keys", codecKeysFile)) ?? addCodecKey();
    for (const holder of ["keys", ...appNames.filter(usesTemporal)]) {
      await folder.write(holder, codecKeysFile, keys);
    }
  },
};

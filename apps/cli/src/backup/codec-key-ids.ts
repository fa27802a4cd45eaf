import { parseCodecKeys } from "@fanfare/saga/codec";
import { codecKeysFile, type SecretsFolder } from "@fanfare/secrets";

/** Returns the ids of the keys that decrypt what Temporal stores; none when there are no keys. */
export async function readCodecKeyIds(secrets: SecretsFolder): Promise<string[]> {
  const text = await secrets.read("keys", codecKeysFile);
  return text === undefined ? [] : Array.from(parseCodecKeys(text).byId.keys());
}

import { randomBytes } from "node:crypto";
import { appNames, usesTemporal } from "@fanfare/topology";
import type { SecretsFolder } from "./secrets-folder.ts";
import type { RotationContext, SecretsPart } from "./secrets-part.ts";

/** The file of the keys that encrypt the payloads of Temporal. */
export const codecKeysFile = "codec-keys.json";

/** The content of the file, as `parseCodecKeys` of @fanfare/saga/codec reads it. */
interface CodecKeys {
  /** The id of the key that encrypts. */
  readonly encryptWith: string;
  /** 32 bytes in base64, by the id of the key. */
  readonly keys: Readonly<Record<string, string>>;
}

/** The keys that encrypt the payloads of Temporal, the same for each app that uses it. */
export const codecPart: SecretsPart = {
  name: "codec",
  async create({ folder }) {
    await writeKeys(folder, (await readKeys(folder)) ?? addKey());
  },
  rotate: rotateCodecKeys,
};

/**
 * Gives a new key to every app, then encrypts with it. Earlier keys stay, for the histories that they encrypted.
 * Called again after an interruption, it completes with another key.
 */
export async function rotateCodecKeys({
  folder,
  report,
}: Pick<RotationContext, "folder" | "report">): Promise<void> {
  const before = await readKeys(folder);
  const after = addKey(before);
  if (before !== undefined) await writeKeys(folder, { ...after, encryptWith: before.encryptWith });
  report(`Every app has the key ${after.encryptWith}`);
  await writeKeys(folder, after);
  report(
    `The key ${after.encryptWith} encrypts. The earlier ones decrypt what they have encrypted`,
  );
}

async function readKeys(folder: SecretsFolder): Promise<CodecKeys | undefined> {
  const text = await folder.read("keys", codecKeysFile);
  return text === undefined ? undefined : JSON.parse(text);
}

async function writeKeys(folder: SecretsFolder, keys: CodecKeys): Promise<void> {
  const text = `${JSON.stringify(keys, undefined, 2)}\n`;
  for (const holder of ["keys", ...appNames.filter(usesTemporal)]) {
    await folder.write(holder, codecKeysFile, text);
  }
}

function addKey(before?: CodecKeys): CodecKeys {
  const id = randomBytes(4).toString("hex");
  const keys = { ...before?.keys, [id]: randomBytes(32).toString("base64") };
  return { encryptWith: id, keys };
}

import type { SigningKey } from "./keys.ts";
import { generateKey, longestTokenLife, signingKeyFile } from "./keys.ts";
import { readPublicKeys, writePublicKeys } from "./public-keys.ts";
import type { SecretsFolder } from "./secrets-folder.ts";
import type { RotationContext } from "./secrets-part.ts";

/** The file of a key that is published and does not sign yet. */
const nextKeyFile = "next-key.json";

/**
 * Publishes a new key, then signs with it. The earlier keys verify tokens until the last one that they signed
 * has expired. Resumes a rotation that was interrupted.
 */
export async function rotateKeys({ folder, report }: RotationContext): Promise<void> {
  const { privateKey, publicKey } = await readNextKey(folder);
  const earlier = (await readPublicKeys(folder)).filter(({ kid }) => kid !== publicKey.kid);
  await writePublicKeys(folder, [...earlier, publicKey]);
  report(`The key ${publicKey.kid} is published: every app accepts its tokens`);

  await folder.write("keys", signingKeyFile, `${JSON.stringify(privateKey, undefined, 2)}\n`);
  const exp = Math.ceil(Date.now() / 1000) + longestTokenLife;
  const retired = earlier.map((key) => ({ exp, ...key }));
  await writePublicKeys(folder, [...retired, publicKey]);
  await folder.remove("keys", nextKeyFile);
  report(
    `The key ${publicKey.kid} signs. The next fanfare secrets after ${new Date(exp * 1000).toISOString()} ` +
      "removes the earlier one",
  );
}

async function readNextKey(folder: SecretsFolder): Promise<SigningKey> {
  const text = await folder.read("keys", nextKeyFile);
  if (text !== undefined) {
    const key: SigningKey = JSON.parse(text);
    return key;
  }
  const key = await generateKey();
  await folder.write("keys", nextKeyFile, `${JSON.stringify(key, undefined, 2)}\n`);
  return key;
}

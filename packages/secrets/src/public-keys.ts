import { appNames, servesCalls } from "@fanfare/topology";
import type { JWK } from "jose";
import type { SecretsFolder } from "./secrets-folder.ts";

/** A key that verifies tokens. */
export interface PublicKey extends JWK {
  /** The second at which the last token that it signed has expired. Absent while it signs, and before. */
  readonly exp?: number;
}

/** The key set of people, or that of the apps that call others. */
type KeySetFile = "jwks.json" | typeof serviceKeySetFile;

/** The file of the key set that verifies the tokens of apps. */
export const serviceKeySetFile = "service-jwks.json";

/** Reads the keys that verify tokens. */
export async function readPublicKeys(
  folder: SecretsFolder,
  file: KeySetFile = "jwks.json",
): Promise<readonly PublicKey[]> {
  const text = await folder.read("keys", file);
  const { keys = [] }: { readonly keys?: readonly PublicKey[] } = JSON.parse(text ?? "{}");
  return keys;
}

/** Writes the keys that verify tokens, for who signs them and for each app that verifies them. */
export async function writePublicKeys(
  folder: SecretsFolder,
  keys: readonly PublicKey[],
  file: KeySetFile = "jwks.json",
): Promise<void> {
  const text = `${JSON.stringify({ keys }, undefined, 2)}\n`;
  for (const app of appNames.filter(servesCalls)) await folder.write(app, file, text);
  await folder.write("keys", file, text, 0o644);
}

import { appNames, callsServices } from "@fanfare/topology";
import type { JWK } from "jose";
import { generateKey, type SigningKey } from "./keys.ts";
import {
  type PublicKey,
  readPublicKeys,
  serviceKeySetFile,
  writePublicKeys,
} from "./public-keys.ts";
import type { SecretsFolder } from "./secrets-folder.ts";

/** The file of the private key in the folder of an app that calls others. */
export const serviceKeyFile = "service-key.json";

/** How long a key that signs no more verifies tokens, in seconds: longer than they live (5 minutes). */
const retirementSeconds = 600;

/** The apps that sign tokens. */
const signers: readonly string[] = appNames.filter(callsServices);

/** Creates the keys that are missing, and removes the public ones that verify no valid token any more. */
export async function createServiceKeys(folder: SecretsFolder): Promise<void> {
  const missing: string[] = [];
  for (const app of signers) {
    if ((await folder.read(app, serviceKeyFile)) === undefined) missing.push(app);
  }
  if (missing.length > 0) await replaceKeys(folder, missing);
  await retireKeys(folder);
}

/** Publishes a new key of each app, signs with it, and retires the earlier one. Returns when that ends, in seconds. */
export async function rotateServiceKeys(
  folder: SecretsFolder,
  report: (line: string) => void,
): Promise<void> {
  await replaceKeys(folder, signers, report);
  const end = await retireKeys(folder);
  report(
    "Every app that calls others signs with its new key. The next fanfare secrets after " +
      `${new Date(end * 1000).toISOString()} removes the earlier ones`,
  );
}

/** Publishes a key of each app to every service before one signs. */
async function replaceKeys(
  folder: SecretsFolder,
  apps: readonly string[],
  report: (line: string) => void = () => {},
): Promise<void> {
  const fresh: { readonly app: string; readonly key: SigningKey }[] = [];
  for (const app of apps) fresh.push({ app, key: await generateKey(`${app}.`) });
  const earlier = await readPublicKeys(folder, serviceKeySetFile);
  const added = fresh.map(({ key }) => key.publicKey);
  await writePublicKeys(folder, [...earlier, ...added], serviceKeySetFile);
  report(
    `The keys ${added.map(({ kid }) => kid).join(", ")} are published: every service accepts their tokens`,
  );
  for (const { app, key } of fresh) {
    await folder.write(app, serviceKeyFile, `${JSON.stringify(key.privateKey, undefined, 2)}\n`);
  }
}

/** Sets the end of the keys that sign no more, and removes those whose end has passed. Returns the last end. */
async function retireKeys(folder: SecretsFolder): Promise<number> {
  const now = Math.ceil(Date.now() / 1000);
  const signing = new Set<string | undefined>();
  for (const app of signers) signing.add(await readKeyId(folder, app));
  const keys = (await readPublicKeys(folder, serviceKeySetFile))
    .map(
      (key): PublicKey => (signing.has(key.kid) ? key : { exp: now + retirementSeconds, ...key }),
    )
    .filter(({ exp = now }) => exp >= now);
  await writePublicKeys(folder, keys, serviceKeySetFile);
  return Math.max(now, ...keys.map(({ exp = now }) => exp));
}

async function readKeyId(folder: SecretsFolder, app: string): Promise<string | undefined> {
  const { kid }: JWK = JSON.parse((await folder.read(app, serviceKeyFile)) ?? "{}");
  return kid;
}

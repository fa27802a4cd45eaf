import type { SecretsFolder } from "../secrets-folder.ts";
import type { RotationContext, SecretsPart } from "../secrets-part.ts";
import { writeCertificates } from "./temporal-certificates.ts";
import { authorityHolder } from "./temporal-files.ts";
import { temporalRoles } from "./temporal-roles.ts";
import { readTarget, type TemporalTarget, writeTarget } from "./temporal-target.ts";
import { writeToken } from "./temporal-tokens.ts";
import { openTokenKeys, replaceTokenKey } from "./token-keys.ts";

/** The certificates and tokens of a Temporal server that demands both, and of its clients. */
export const temporalPart: SecretsPart = {
  name: "temporal",
  async create({ folder, settings }) {
    const known = await readTarget(folder);
    const hosts = settings.temporalHosts ?? known?.hosts;
    if (hosts === undefined) return;
    const target = {
      hosts,
      namespace: settings.temporalNamespace ?? known?.namespace ?? "default",
    };
    await writeTarget(folder, target);
    await writeCertificates(folder, target);
    await writeTokens(folder, target);
  },
  rotate: rotateTemporal,
};

/**
 * Gives every client and the server a new certificate, and every client a token of another key. The earlier
 * tokens work for 10 more minutes.
 */
async function rotateTemporal({ folder, report, signal }: RotationContext): Promise<void> {
  const target = await readTarget(folder);
  if (target === undefined) {
    throw new Error(
      `expected the secrets of Temporal in ${folder.locate(authorityHolder, "settings.json")}, got none: ` +
        "run fanfare secrets --temporal <host>",
    );
  }
  await writeCertificates(folder, { ...target, renew: true });
  report("The server and its clients have new certificates");
  await replaceTokenKey(folder, signal);
  await writeTokens(folder, target);
  report(
    "Every client has a token of another key. The next fanfare secrets after 10 minutes ends the earlier ones",
  );
}

async function writeTokens(folder: SecretsFolder, { namespace }: TemporalTarget): Promise<void> {
  const { current } = await openTokenKeys(folder);
  for (const [client, role] of Object.entries(temporalRoles)) {
    await writeToken(folder, client, { key: current, permission: `${namespace}:${role}` });
  }
}

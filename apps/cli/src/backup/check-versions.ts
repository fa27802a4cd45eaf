import { findPostgresBin, parseMajorVersion, readPostgresVersion } from "@fanfare/dev-stack";
import { openSecretsFolder } from "@fanfare/secrets";
import { CliError } from "../cli-error.ts";
import { stateFormat } from "../stack/state-format.ts";
import { readCodecKeyIds } from "./codec-key-ids.ts";
import { hasWorkflows, type Manifest } from "./manifest.ts";

/** Rejects when this version of the system cannot read the data of a backup. */
export function checkStateVersion(folder: string, { stateFormat: found }: Manifest): void {
  if (found === stateFormat) return;
  throw new CliError(
    `expected data of format ${stateFormat} in ${folder}, found ${found}: ` +
      "restore it with the version that wrote it",
  );
}

/** Rejects when the PostgreSQL of this machine cannot read the files of a backup. */
export async function checkPostgresVersion(
  folder: string,
  { postgresVersion }: Manifest,
  readVersion: () => Promise<string> = () => readPostgresVersion(findPostgresBin()),
): Promise<void> {
  const [found, own] = [postgresVersion, await readVersion()].map(parseMajorVersion);
  if (found === own) return;
  throw new CliError(
    `expected the files of PostgreSQL ${own} in ${folder}, found those of PostgreSQL ${found}: ` +
      "restore them with the version of this system that wrote them",
  );
}

/** Rejects when a key is missing that the workflows of a backup are encrypted with. */
export async function checkCodecKeys(manifest: Manifest, secretsFolder: string): Promise<void> {
  if (!hasWorkflows(manifest)) return;
  const known = await readCodecKeyIds(openSecretsFolder(secretsFolder));
  const missing = manifest.codecKeys.filter((id) => !known.includes(id));
  if (missing.length === 0) return;
  throw new CliError(
    `expected the codec keys ${missing.join(", ")} in ${secretsFolder}, found ${known.join(", ") || "none"}: ` +
      "restore the secrets first, or leave out the workflows with --without-temporal",
  );
}

import type { SecretsFolder } from "../secrets-folder.ts";
import { authorityHolder } from "./temporal-files.ts";

/** The Temporal server that certificates and tokens are for. */
export interface TemporalTarget {
  /** The names and addresses at which its clients reach it. */
  readonly hosts: readonly string[];
  /** The namespace that the tokens are for. */
  readonly namespace: string;
}

const file = "settings.json";

/** Reads the server of the last {@link writeTarget}; undefined when there is none. */
export async function readTarget(folder: SecretsFolder): Promise<TemporalTarget | undefined> {
  const text = await folder.read(authorityHolder, file);
  return text === undefined ? undefined : JSON.parse(text);
}

/** Stores the server, for the calls that name none. */
export async function writeTarget(folder: SecretsFolder, target: TemporalTarget): Promise<void> {
  await folder.write(authorityHolder, file, `${JSON.stringify(target, undefined, 2)}\n`);
}

import { join } from "node:path";
import { withLock } from "@fanfare/dev-stack";
import { createNatsSecrets } from "@fanfare/nats-users";
import { createSecrets, openSecretsFolder, rotateSecrets } from "@fanfare/secrets";
import { readVariable } from "@fanfare/service";
import { getSecretsFolder } from "../stack/running-stack.ts";
import { createTerminal } from "../terminal.ts";

/** The options of the secrets command. */
export interface SecretsOptions {
  /** The administrator's URL of PostgreSQL. Default: POSTGRES_ADMIN_URL. */
  readonly postgres?: string;
  /** The administrators' URLs of other PostgreSQL servers. */
  readonly otherPostgres: readonly string[];
  /** The addresses of the servers of a NATS cluster, joined by commas. */
  readonly natsRoutes?: string;
  /** The host names of a Temporal server, joined by commas. */
  readonly temporal?: string;
  /** The namespace of the tokens for Temporal. */
  readonly temporalNamespace?: string;
  /** The part to rotate, instead of creating what is missing. */
  readonly rotate?: string;
  readonly json?: boolean;
}

/**
 * Creates the secrets that are missing in a folder, by default in that of this checkout's stack, or rotates
 * one part of them. Prints the files that it wrote.
 */
export async function secretsCommand(
  folder: string = getSecretsFolder(),
  options: SecretsOptions,
  signal: AbortSignal,
): Promise<void> {
  const {
    postgres: postgresUrl = readVariable("POSTGRES_ADMIN_URL"),
    otherPostgres: otherPostgresUrls,
    natsRoutes,
    temporal,
    temporalNamespace,
    rotate,
    json,
  } = options;
  const terminal = createTerminal();
  const report = (line: string) => (json ? undefined : terminal.line(line));
  await openSecretsFolder(folder).create();
  // A folder that is always writable: in a container, the one above it is not.
  const lockFile = join(folder, "keys", "secrets.lock");
  const written = await withLock(
    lockFile,
    async () =>
      rotate === undefined
        ? [
            ...(await createSecrets(folder, {
              postgresUrl,
              otherPostgresUrls,
              temporalHosts: temporal?.split(","),
              temporalNamespace,
            })),
            ...(await createNatsSecrets(folder, natsRoutes?.split(","))),
          ]
        : await rotateSecrets(folder, rotate, { report, signal }),
    { timeoutMs: 60_000, what: `another fanfare secrets to finish (${lockFile})`, signal },
  );
  if (json) return terminal.line(JSON.stringify({ folder, written }));
  if (written.length === 0) return terminal.line(`Nothing is missing in ${folder}.`);
  for (const file of written) terminal.line(`wrote ${join(folder, file)}`);
}

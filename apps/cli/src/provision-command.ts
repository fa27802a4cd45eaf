import { readVariable } from "@fanfare/service";
import { CliError } from "./cli-error.ts";
import { readNatsLogin } from "./nats-options.ts";
import { provision } from "./provision.ts";
import { alignRows, createTerminal } from "./terminal.ts";

export interface ProvisionOptions {
  readonly json?: boolean;
  /** Print nothing: the addresses of the databases have their passwords in them. */
  readonly quiet?: boolean;
  /** On how many servers of a cluster each event is stored. */
  readonly replicas?: number;
}

/**
 * provisionCommand provisions the servers that POSTGRES_ADMIN_URL, NATS_URL and TEMPORAL_ADDRESS
 * name, and prints what is there, with each app's DATABASE_URL.
 */
export async function provisionCommand(
  { json = false, quiet = false, replicas }: ProvisionOptions,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const { NATS_URL, TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE = "default" } = env;
  const POSTGRES_ADMIN_URL = readVariable("POSTGRES_ADMIN_URL", env);
  if (!POSTGRES_ADMIN_URL && !NATS_URL && !TEMPORAL_ADDRESS) {
    throw new CliError(
      "There is nothing to provision: name servers in POSTGRES_ADMIN_URL, NATS_URL and TEMPORAL_ADDRESS",
    );
  }
  const provisioned = await provision({
    postgresAdminUrl: POSTGRES_ADMIN_URL,
    natsUrl: NATS_URL,
    natsCredentials: readNatsLogin(env),
    replicas,
    temporal: TEMPORAL_ADDRESS
      ? { address: TEMPORAL_ADDRESS, namespace: TEMPORAL_NAMESPACE }
      : undefined,
  });
  if (quiet) return;
  const terminal = createTerminal();
  if (json) return terminal.line(JSON.stringify(provisioned));
  const { databases, streams, searchAttributes } = provisioned;
  const rows = [
    ...Object.entries(databases).map(([name, url]) => ["database", name, url]),
    ...streams.map((name) => ["stream", name]),
    ...searchAttributes.map((name) => ["search attribute", name]),
  ];
  for (const line of alignRows(rows)) terminal.line(line);
}

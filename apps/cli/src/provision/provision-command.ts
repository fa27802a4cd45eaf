import { readVariable } from "@fanfare/service";
import { CliError } from "../cli-error.ts";
import { readNatsLogin } from "../nats/nats-options.ts";
import { alignRows, createTerminal } from "../terminal.ts";
import { provision } from "./provision.ts";

/** The options of the provision command. */
export interface ProvisionOptions {
  readonly json?: boolean;
  /** Prints nothing. The output contains the passwords of the databases. */
  readonly quiet?: boolean;
  /** The number of servers of a cluster that store each event. */
  readonly replicas?: number;
}

/**
 * Provisions the servers at POSTGRES_ADMIN_URL, NATS_URL and TEMPORAL_ADDRESS, and prints the result with
 * the DATABASE_URL of each app.
 */
export async function provisionCommand(
  { json = false, quiet = false, replicas }: ProvisionOptions,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const { NATS_URL, TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE = "default" } = env;
  const POSTGRES_ADMIN_URL = readVariable("POSTGRES_ADMIN_URL", env);
  if (!POSTGRES_ADMIN_URL && !NATS_URL && !TEMPORAL_ADDRESS) {
    throw new CliError(
      "expected a server to provision: set POSTGRES_ADMIN_URL, NATS_URL or TEMPORAL_ADDRESS",
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

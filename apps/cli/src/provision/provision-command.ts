import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type DatabaseLogins, defaultConnectionLimit, parseLogins } from "@fanfare/secrets";
import { readVariable } from "@fanfare/service";
import { readTemporalSettings } from "@fanfare/trip-contract/temporal";
import { CliError } from "../cli-error.ts";
import { readNatsLogin } from "../nats/nats-options.ts";
import { alignRows, createTerminal } from "../terminal.ts";
import { writeError } from "../write-error.ts";
import { provision } from "./provision.ts";

/** The options of the provision command. */
export interface ProvisionOptions {
  readonly json?: boolean;
  /** Prints nothing but warnings. */
  readonly quiet?: boolean;
  /** The number of servers of a cluster that store each event. */
  readonly replicas?: number;
  /** The connections that an app may have to its database. Default: 30. */
  readonly connections?: number;
}

/**
 * Provisions the servers at POSTGRES_ADMIN_URL, NATS_URL and TEMPORAL_ADDRESS, and prints the result. The
 * logins of the databases are in POSTGRES_LOGINS_FILE, by default beside POSTGRES_ADMIN_URL_FILE.
 */
export async function provisionCommand(
  { json = false, quiet = false, replicas, connections }: ProvisionOptions,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const { NATS_URL, TEMPORAL_ADDRESS, TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE } = env;
  const temporal = Boolean(TEMPORAL_ADDRESS || TEMPORAL_CONFIG_FILE || TEMPORAL_PROFILE);
  const POSTGRES_ADMIN_URL = readVariable("POSTGRES_ADMIN_URL", env);
  if (!POSTGRES_ADMIN_URL && !NATS_URL && !temporal) {
    throw new CliError(
      "expected a server to provision: set POSTGRES_ADMIN_URL, NATS_URL or TEMPORAL_ADDRESS",
    );
  }
  const provisioned = await provision({
    postgres: POSTGRES_ADMIN_URL
      ? {
          adminUrl: POSTGRES_ADMIN_URL,
          logins: await readLogins(env),
          connectionLimit: connections ?? defaultConnectionLimit,
        }
      : undefined,
    natsUrl: NATS_URL,
    natsCredentials: readNatsLogin(env),
    replicas,
    temporal: temporal ? readTemporalSettings(env) : undefined,
  });
  for (const warning of provisioned.warnings) writeError(warning);
  if (quiet) return;
  const terminal = createTerminal();
  if (json) return terminal.line(JSON.stringify(provisioned));
  const { databases, streams, searchAttributes } = provisioned;
  const rows = [
    ...databases.map((name) => ["database", name]),
    ...streams.map((name) => ["stream", name]),
    ...searchAttributes.map((name) => ["search attribute", name]),
  ];
  for (const line of alignRows(rows)) terminal.line(line);
}

async function readLogins(env: NodeJS.ProcessEnv): Promise<DatabaseLogins> {
  const { POSTGRES_ADMIN_URL_FILE: adminUrlFile } = env;
  const beside = adminUrlFile ? join(dirname(adminUrlFile), "logins.json") : undefined;
  const file = env.POSTGRES_LOGINS_FILE || beside;
  if (file === undefined) {
    throw new CliError(
      "expected the logins of the databases: create them with fanfare secrets <folder> --postgres <url>, " +
        "and name <folder>/postgres/logins.json in POSTGRES_LOGINS_FILE",
    );
  }
  return parseLogins(await readFile(file, "utf8"), file);
}

import {
  checkDurability,
  createInboxPrefix,
  type NatsBrokerOptions,
  type Permissions,
  planPermissions,
  provisionGroups,
  provisionTopics,
} from "@fanfare/bus-nats";
import { groups, natsUsers, topics } from "@fanfare/topology";
import { CliError } from "../cli-error.ts";
import { alignRows, createTerminal } from "../terminal.ts";
import { readNatsLogin } from "./nats-options.ts";

/**
 * Prints what provisioning would change on the server at NATS_URL. With `check`, rejects when anything
 * would change, and prints whether the server keeps events through a power failure. That needs
 * NATS_MONITORING_URL, or a user of the system account: NATS_SYSTEM_NKEY_FILE or NATS_SYSTEM_CREDENTIALS.
 */
export async function planCommand(
  { check = false, json = false }: { check?: boolean; json?: boolean },
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const { NATS_URL, NATS_MONITORING_URL } = env;
  if (!NATS_URL) throw new CliError("expected a NATS server: name it in NATS_URL");
  const nats = { servers: NATS_URL, ...readNatsLogin(env) };
  const streams = await provisionTopics(nats, { topics, dryRun: true });
  const consumers = await provisionGroups(nats, { groups, dryRun: true });
  const changes = [...streams, ...consumers];
  const durability = check
    ? await checkDurability({
        monitoringUrl: NATS_MONITORING_URL || undefined,
        system: readSystemUser(NATS_URL, env),
      })
    : undefined;
  const terminal = createTerminal();
  if (json) terminal.line(JSON.stringify({ changes, durability }));
  else {
    const rows = [
      ...streams.map((one) => [one.action, "stream", one.stream, one.differences.join("; ")]),
      ...consumers.map((one) => [
        one.action,
        `group ${one.group}`,
        one.stream,
        one.differences.join("; "),
      ]),
    ];
    for (const line of alignRows(rows)) terminal.line(line);
    if (durability !== undefined) terminal.line(`${durability.state}: ${durability.message}`);
  }
  const lacking = changes.filter(({ action }) => action !== "none");
  if (check && lacking.length > 0) {
    throw new CliError(
      `${lacking.length} of ${changes.length} differ from what is declared: run fanfare provision`,
    );
  }
}

function readSystemUser(servers: string, env: NodeJS.ProcessEnv): NatsBrokerOptions | undefined {
  const { NATS_SYSTEM_NKEY_FILE: nkeyFile, NATS_SYSTEM_CREDENTIALS: credentialsFile } = env;
  if (nkeyFile) return { servers, nkeyFile };
  return credentialsFile ? { servers, credentialsFile } : undefined;
}

/** Prints the users of NATS with their permissions as configuration. The passwords are variables. */
export function printPermissions(env: NodeJS.ProcessEnv = process.env): void {
  const { domain, apiPrefix } = readNatsLogin(env);
  const users = natsUsers.map(({ name, ...uses }) => {
    const inboxPrefix = createInboxPrefix(name);
    return formatUser(name, planPermissions({ ...uses, domain, apiPrefix, inboxPrefix }));
  });
  const terminal = createTerminal();
  terminal.line(
    "# Each app has its own NATS_USER and NATS_PASSWORD. None of them provisions anything. Permissions do\n# not cover the subjects of replies: accounts do, which fanfare secrets writes.",
  );
  const text = `authorization {\n  users: [\n${users.join("\n")}\n  ]\n}`;
  for (const line of text.split("\n")) terminal.line(line);
}

function formatUser(name: string, { publish, subscribe }: Permissions): string {
  const variable = `$${name.toUpperCase()}_PASSWORD`;
  return `    {
      user: ${name}
      password: ${variable}
      permissions: {
        publish: [${formatSubjects(publish)}
        ]
        subscribe: [${formatSubjects(subscribe)}
        ]
      }
    }`;
}

function formatSubjects(subjects: readonly string[]): string {
  return subjects.map((subject) => `\n          ${JSON.stringify(subject)}`).join("");
}

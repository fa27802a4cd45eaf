import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { mintToken } from "@fanfare/dev-stack";
import { locateSeed } from "@fanfare/nats-users";
import { openSecretsFolder } from "@fanfare/secrets";
import type { Stack } from "./stack.ts";

const main = fileURLToPath(new URL("../../cli/src/main.ts", import.meta.url));

/** The output and the exit status of a command. */
export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of the CLI on the stack to its end, as the operator ada. */
export async function runFanfare(
  { system, servers, keys }: Stack,
  ...args: readonly string[]
): Promise<Ran> {
  return await runCli(args, {
    FANFARE_URL: system.app("trips").url,
    FANFARE_TOKEN: await mintToken(keys, { role: "operator", subject: "ada" }),
    TEMPORAL_ADDRESS: servers.temporal.address,
    TEMPORAL_NAMESPACE: servers.temporal.namespace,
  });
}

/** Runs `fanfare riders` on the stack to its end, as the operator ada, with access to all servers and logs. */
export async function runRiders(stack: Stack, ...args: readonly string[]): Promise<Ran> {
  const { servers, system, keys, secretsFolder } = stack;
  return await runCli(["riders", ...args], {
    RIDERS_URL: system.app("riders").url,
    FANFARE_TOKEN: await mintToken(keys, { role: "operator", subject: "ada" }),
    POSTGRES_ADMIN_URL: servers.postgres.adminUrl,
    NATS_URL: servers.nats.url,
    NATS_NKEY_FILE: locateSeed(openSecretsFolder(secretsFolder), "provision"),
  });
}

/** Runs a command of the CLI to its end, with more variables than those of this process. */
export async function runCli(
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<Ran> {
  const options = { env: { ...process.env, ...variables }, timeout: 60_000 };
  return await new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], options, (error, stdout, stderr) => {
      const status = typeof error?.code === "number" ? error.code : error === null ? 0 : 1;
      resolve({ status, stdout, stderr });
    });
  });
}

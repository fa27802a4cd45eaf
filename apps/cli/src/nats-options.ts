import type { NatsOptions } from "@fanfare/bus-nats";
import { readVariable } from "@fanfare/service";
import { CliError } from "./cli-error.ts";
import { readStack } from "./running-stack.ts";

/**
 * natsOptions say where the server at NATS_URL is, or else the running stack's, and who is asking:
 * NATS_USER with NATS_PASSWORD, or NATS_CREDENTIALS. It has to be an administrator.
 */
export async function readNatsOptions(env: NodeJS.ProcessEnv): Promise<NatsOptions> {
  const servers = env.NATS_URL || (await readStack())?.environments.revenue?.NATS_URL;
  if (servers) return { servers, ...readNatsLogin(env) };
  throw new CliError("Name the server in NATS_URL, or start a stack with npm start");
}

/** natsCredentials are those that the environment has. */
export function readNatsLogin(
  env: NodeJS.ProcessEnv,
): Pick<NatsOptions, "user" | "password" | "credentialsFile"> {
  const user = readVariable("NATS_USER", env);
  const password = readVariable("NATS_PASSWORD", env);
  const credentialsFile = readVariable("NATS_CREDENTIALS", env);
  return {
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(credentialsFile === undefined ? {} : { credentialsFile }),
  };
}

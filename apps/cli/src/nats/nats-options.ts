import type { NatsOptions } from "@fanfare/bus-nats";
import { readVariable } from "@fanfare/service";
import { CliError } from "../cli-error.ts";
import { readStack } from "../stack/running-stack.ts";

/**
 * Returns the address of NATS from NATS_URL, else of the running stack, with the login of an
 * administrator from NATS_USER and NATS_PASSWORD, or from NATS_CREDENTIALS.
 */
export async function readNatsOptions(env: NodeJS.ProcessEnv): Promise<NatsOptions> {
  const servers = env.NATS_URL || (await readStack())?.environments.revenue?.NATS_URL;
  if (servers) return { servers, ...readNatsLogin(env) };
  throw new CliError("expected a NATS server: name it in NATS_URL, or run npm start");
}

/** Reads the login for NATS, and where its JetStream is, from the environment. */
export function readNatsLogin(
  env: NodeJS.ProcessEnv,
): Pick<NatsOptions, "user" | "password" | "credentialsFile" | "domain" | "apiPrefix"> {
  const user = readVariable("NATS_USER", env);
  const password = readVariable("NATS_PASSWORD", env);
  const credentialsFile = readVariable("NATS_CREDENTIALS", env);
  return {
    domain: env.NATS_DOMAIN || undefined,
    apiPrefix: env.NATS_API_PREFIX || undefined,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(credentialsFile === undefined ? {} : { credentialsFile }),
  };
}

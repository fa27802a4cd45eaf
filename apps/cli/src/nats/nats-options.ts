import { createInboxPrefix, type NatsOptions } from "@fanfare/bus-nats";
import { locateSeed } from "@fanfare/nats-users";
import { openSecretsFolder } from "@fanfare/secrets";
import { readNatsTls, readVariable } from "@fanfare/service";
import { CliError } from "../cli-error.ts";
import { getSecretsFolder, readStack } from "../stack/running-stack.ts";
import { toNatsTls } from "./to-nats-tls.ts";

/**
 * Returns where NATS is, and how to log in there as an operator: NATS_URL, with the login of
 * `readNatsLogin`, else the running stack, with the operator's NKey of this checkout.
 */
export async function readNatsOptions(env: NodeJS.ProcessEnv): Promise<NatsOptions> {
  if (env.NATS_URL) return createOperatorOptions(env.NATS_URL, readNatsLogin(env));
  const stack = await readStack();
  const environment = stack?.environments.revenue;
  if (environment?.NATS_URL === undefined) {
    throw new CliError("expected a NATS server: name it in NATS_URL, or run npm start");
  }
  const login = { ...toNatsTls(stack?.tls), ...readNatsLogin(env) };
  if (login.nkeyFile === undefined && environment.NATS_NKEY_FILE !== undefined) {
    return createOperatorOptions(environment.NATS_URL, {
      ...login,
      nkeyFile: locateSeed(openSecretsFolder(getSecretsFolder()), "operator"),
    });
  }
  return createOperatorOptions(environment.NATS_URL, login);
}

/** Adds the inbox prefix of the operator, whose NKey permits no other one. */
function createOperatorOptions(servers: string, login: NatsLogin): NatsOptions {
  const inbox = login.nkeyFile === undefined ? {} : { inboxPrefix: createInboxPrefix("operator") };
  return { servers, ...login, ...inbox };
}

/** A login for NATS, and where its JetStream is. */
export type NatsLogin = Pick<
  NatsOptions,
  "user" | "password" | "credentialsFile" | "nkeyFile" | "domain" | "apiPrefix" | "tls"
>;

/**
 * Reads the login for NATS, and where its JetStream is, from NATS_USER and NATS_PASSWORD, NATS_CREDENTIALS
 * or NATS_NKEY_FILE, NATS_DOMAIN and NATS_API_PREFIX.
 */
export function readNatsLogin(env: NodeJS.ProcessEnv): NatsLogin {
  const user = readVariable("NATS_USER", env);
  const password = readVariable("NATS_PASSWORD", env);
  const credentialsFile = readVariable("NATS_CREDENTIALS", env);
  const nkeyFile = env.NATS_NKEY_FILE || undefined;
  return {
    domain: env.NATS_DOMAIN || undefined,
    apiPrefix: env.NATS_API_PREFIX || undefined,
    ...readNatsTls({
      natsCaFile: readVariable("NATS_CA_FILE", env),
      natsCertFile: readVariable("NATS_CERT_FILE", env),
      natsKeyFile: readVariable("NATS_KEY_FILE", env),
      natsTlsFirst: env.NATS_TLS_FIRST === "true",
    }),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(credentialsFile === undefined ? {} : { credentialsFile }),
    ...(nkeyFile === undefined ? {} : { nkeyFile }),
  };
}

import { createDevKeys, mintToken } from "@fanfare/dev-stack";
import { getKeysFolder, readStack } from "../stack/running-stack.ts";
import { readTls } from "./read-tls.ts";
import type { Address } from "./trips-client.ts";

/** The options that name the stack and the caller. */
export interface CallerOptions {
  readonly url?: string;
  readonly token?: string;
  readonly operator?: boolean;
  readonly rider?: string;
}

/** The variables with the addresses of the APIs of riders, and the addresses where nothing else is configured. */
const apis = {
  trips: { variable: "FANFARE_URL", usual: "http://127.0.0.1:8080" },
  riders: { variable: "RIDERS_URL", usual: "http://127.0.0.1:8089" },
} as const;

/**
 * Returns the URL of an API and a token. Takes them from the options, else from FANFARE_URL or RIDERS_URL and
 * FANFARE_TOKEN, else from the stack of this checkout and its development keys. Default: the trips API.
 */
export async function findAddress(
  options: CallerOptions,
  env = process.env,
  api: keyof typeof apis = "trips",
): Promise<Address> {
  const stack = await readStack();
  const tls = readTls(env) ?? stack?.tls;
  const { variable, usual } = apis[api];
  const url = options.url ?? env[variable] ?? stack?.addresses[api] ?? usual;
  const given = options.token ?? env.FANFARE_TOKEN;
  if (given !== undefined) return { url, token: given, tls };
  const keys = await createDevKeys(getKeysFolder());
  const caller = options.operator
    ? ({ role: "operator", subject: "operator" } as const)
    : ({ role: "rider", subject: options.rider ?? "alice" } as const);
  const renewToken = () => mintToken(keys, caller);
  return { url, token: await renewToken(), renewToken, tls };
}

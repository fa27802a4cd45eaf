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

/**
 * Returns the URL of the trips API and a token. Takes them from the options, else from FANFARE_URL and
 * FANFARE_TOKEN, else from the stack of this checkout and its development keys.
 */
export async function findAddress(options: CallerOptions, env = process.env): Promise<Address> {
  const stack = await readStack();
  const tls = readTls(env) ?? stack?.tls;
  const url = options.url ?? env.FANFARE_URL ?? stack?.addresses.trips ?? "http://127.0.0.1:8080";
  const given = options.token ?? env.FANFARE_TOKEN;
  if (given !== undefined) return { url, token: given, tls };
  const keys = await createDevKeys(getKeysFolder());
  const caller = options.operator
    ? ({ role: "operator", subject: "operator" } as const)
    : ({ role: "rider", subject: options.rider ?? "alice" } as const);
  const renewToken = () => mintToken(keys, caller);
  return { url, token: await renewToken(), renewToken, tls };
}

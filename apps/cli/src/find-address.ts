import { createDevKeys, mintToken } from "@fanfare/dev-stack";
import { getKeysFolder, readStack } from "./running-stack.ts";
import type { Address } from "./trips-client.ts";

/** CallerOptions say who calls which stack. */
export interface CallerOptions {
  readonly url?: string;
  readonly token?: string;
  readonly operator?: boolean;
  readonly rider?: string;
}

/**
 * addressFor finds the running stack and a token: those named in options or in FANFARE_URL and
 * FANFARE_TOKEN, else the stack of this checkout and a development token from its keys.
 */
export async function findAddress(options: CallerOptions, env = process.env): Promise<Address> {
  const stack = await readStack();
  const url = options.url ?? env.FANFARE_URL ?? stack?.addresses.trips ?? "http://127.0.0.1:8080";
  const given = options.token ?? env.FANFARE_TOKEN;
  if (given !== undefined) return { url, token: given };
  const keys = await createDevKeys(getKeysFolder());
  const caller = options.operator
    ? ({ role: "operator", subject: "operator" } as const)
    : ({ role: "rider", subject: options.rider ?? "alice" } as const);
  return { url, token: await mintToken(keys, caller) };
}

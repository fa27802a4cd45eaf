import { resolve } from "node:path";
import { createTerminal } from "../terminal.ts";
import { restoreServers } from "./restore-servers.ts";
import { restoreStack } from "./restore-stack.ts";

/** The options of the restore command. */
export interface RestoreOptions {
  /** Removes the data that the stack has. */
  readonly replace?: boolean;
  /** Leaves out the workflows: the reconciler starts those of open trips again. */
  readonly withoutTemporal?: boolean;
  readonly json?: boolean;
}

/**
 * Restores a backup to the servers that NATS_URL and POSTGRES_DATA name, else to the stack of this checkout,
 * and prints the instant whose state it has.
 */
export async function restoreCommand(
  folder: string,
  { json, ...options }: RestoreOptions,
  signal: AbortSignal,
): Promise<void> {
  const { env } = process;
  const source = resolve(folder);
  const { manifest, data } =
    env.NATS_URL || env.POSTGRES_DATA
      ? await restoreServers(source, env)
      : await restoreStack(source, { ...options, signal });
  const { instant } = manifest;
  const terminal = createTerminal();
  const until = new Date().toISOString();
  if (json) return terminal.line(JSON.stringify({ data, lost: { from: instant, until } }));
  terminal.line(`Restored the state of ${instant} to ${data}. Start the system.`);
  terminal.line(`Lost: what was acknowledged between ${instant} and ${until}.`);
}

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { root } from "../deploy/repository.ts";

const run = promisify(execFile);

/** Runs a `fanfare` command on this machine with the variables that name the servers. */
export async function runFanfareOnHost(
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<string> {
  const main = `${root}apps/cli/src/main.ts`;
  const env = { ...process.env, ...variables };
  const { stdout } = await run(process.execPath, [main, ...args], { env, timeout: 300_000 });
  return stdout;
}

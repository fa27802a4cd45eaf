import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { AppName } from "@fanfare/topology";
import { root } from "./repository.ts";

const run = promisify(execFile);

/** AppVariable is an environment variable as an app's --help has it. */
export interface AppVariable {
  readonly name: string;
  /** The app does not start without it. */
  readonly needed: boolean;
  /** It names the machine itself, where in a container nobody is. */
  readonly local: boolean;
}

/** appVariables runs an app with --help and reads which variables it has. */
export async function readAppVariables(app: AppName): Promise<readonly AppVariable[]> {
  const main = `${root}apps/${app}/src/main.ts`;
  const { stdout } = await run(process.execPath, [main, "--help"], { timeout: 60_000 });
  const rows = stdout.matchAll(/^ {2}([A-Z_]+) +(\S+)/gm);
  return [...rows].map(([, name = "", value = ""]) => ({
    name,
    needed: value === "(required)",
    local: value.includes("127.0.0.1"),
  }));
}

/** unsettled names the variables of an app that what is given to it leaves without a value that works. */
export function findUnset(variables: readonly AppVariable[], given: readonly string[]): string[] {
  return variables
    .filter(({ needed, local }) => needed || local)
    .map(({ name }) => name)
    .filter((name) => !given.includes(name) && !given.includes(`${name}_FILE`));
}

/** unread names what is given to an app that none of its variables reads. */
export function findUnread(variables: readonly AppVariable[], given: readonly string[]): string[] {
  const names = new Set(variables.flatMap(({ name }) => [name, `${name}_FILE`]));
  return given.filter((name) => !names.has(name));
}

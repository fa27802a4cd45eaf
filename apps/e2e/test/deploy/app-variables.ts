import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { AppName } from "@fanfare/topology";
import { root } from "./repository.ts";

const run = promisify(execFile);

/** An environment variable in the --help of an app. */
export interface AppVariable {
  readonly name: string;
  /** Whether the app refuses to start without it. */
  readonly needed: boolean;
  /** Whether its default is an address on 127.0.0.1, where no server runs in a container. */
  readonly local: boolean;
}

/** Runs an app with --help, and returns the variables that it prints. */
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

/** Returns the names of the variables that are not given and have no default that works in a container. */
export function findUnset(variables: readonly AppVariable[], given: readonly string[]): string[] {
  return variables
    .filter(({ needed, local }) => needed || local)
    .map(({ name }) => name)
    .filter((name) => !given.includes(name) && !given.includes(`${name}_FILE`));
}

/** Returns the given names that the app does not read. */
export function findUnread(variables: readonly AppVariable[], given: readonly string[]): string[] {
  const names = new Set(variables.flatMap(({ name }) => [name, `${name}_FILE`]));
  return given.filter((name) => !names.has(name));
}

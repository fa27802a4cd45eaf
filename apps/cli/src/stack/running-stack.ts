import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TlsFiles } from "@fanfare/service";
import { createStateFolder, getStateFolder } from "./state-folder.ts";

/** The description of the running stack, which `npm start` writes for other commands. */
export interface RunningStack {
  readonly pid: number;
  /** The address of each part by its name, such as { trips: "http://127.0.0.1:8080" }. */
  readonly addresses: Readonly<Record<string, string>>;
  /** The variables of each process, by the name of its app. */
  readonly environments: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The certificate of the CLI. Absent without TLS. */
  readonly tls?: TlsFiles | undefined;
}

const file = (): string => join(getStateFolder(), "stack.json");

/** Returns the folder of the secrets, with a folder for each app. */
export function getSecretsFolder(): string {
  return join(getStateFolder(), "secrets");
}

/** Returns the folder with the keys of development tokens. */
export function getKeysFolder(): string {
  return join(getSecretsFolder(), "keys");
}

/** Reads the description of the running stack; undefined when no stack is running. */
export async function readStack(): Promise<RunningStack | undefined> {
  const text = await readFile(file(), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const stack: RunningStack = JSON.parse(text);
  return stack;
}

/** Writes the description of the running stack, and resolves to a function that removes it. */
export async function writeStack(stack: RunningStack): Promise<() => Promise<void>> {
  createStateFolder();
  // Only this user may read it: a variable may contain a password of a server of yours.
  await writeFile(`${file()}.new`, `${JSON.stringify(stack, undefined, 2)}\n`, { mode: 0o600 });
  await rename(`${file()}.new`, file());
  return async () => await rm(file(), { force: true });
}

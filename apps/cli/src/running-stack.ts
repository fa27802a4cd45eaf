import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { getStateFolder } from "./state-folder.ts";

/** RunningStack is what `npm start` leaves for other commands to find. */
export interface RunningStack {
  readonly pid: number;
  /** Where each thing is, by its name, such as { trips: "http://127.0.0.1:8080" }. */
  readonly addresses: Readonly<Record<string, string>>;
  /** What each process was started with, by the name of its app. */
  readonly environments: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const file = (): string => join(getStateFolder(), "stack.json");

/** keysFolder is where the keys of development tokens are kept. */
export function getKeysFolder(): string {
  return join(getStateFolder(), "keys");
}

/** readStack reads what the running stack left; undefined when there is none. */
export async function readStack(): Promise<RunningStack | undefined> {
  const text = await readFile(file(), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const stack: RunningStack = JSON.parse(text);
  return stack;
}

/** writeStack leaves what other commands need to find the stack, and gives what removes it again. */
export async function writeStack(stack: RunningStack): Promise<() => Promise<void>> {
  await mkdir(getStateFolder(), { recursive: true });
  // for this user alone: the databases' passwords are in it
  await writeFile(`${file()}.new`, `${JSON.stringify(stack, undefined, 2)}\n`, { mode: 0o600 });
  await rename(`${file()}.new`, file());
  return async () => await rm(file(), { force: true });
}

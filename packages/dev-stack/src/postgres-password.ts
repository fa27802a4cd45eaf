import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { createVerifier } from "@fanfare/secrets";
import { adminPassword, adminUser } from "./postgres-cluster.ts";
import type { Runner } from "./postgres-program.ts";
import { selectSystemVariables } from "./system-variables.ts";

/** Where the password is set, and how PostgreSQL's programs are started. */
export interface PasswordOptions {
  readonly password: string;
  /** The file that remembers the password that is set. */
  readonly file: string;
  readonly bin: string;
  readonly runner: Runner;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Sets the superuser's password of a database cluster whose server does not run, unless it is set. The
 * server runs in single-user mode for it, so that it never listens with another password.
 */
export async function setPassword(data: string, options: PasswordOptions): Promise<void> {
  const { password, file, bin, runner, env } = options;
  const known = await readFile(file, "utf8").catch(() => undefined);
  if (known === password || (known === undefined && password === adminPassword)) return;
  const [command, ...args] = [...runner.prefix, `${bin}/postgres`];
  const settings = ["-D", data, "-c", "exit_on_error=on", "-c", "log_statement=none"];
  const child = spawn(command, [...args, "--single", ...settings, "postgres"], {
    ...runner.as,
    cwd: data,
    env: { ...selectSystemVariables(env), LC_MESSAGES: "C" },
    stdio: ["pipe", "ignore", "pipe"],
    timeout: 60_000,
  });
  const verifier = await createVerifier(password);
  child.stdin.end(`alter role ${adminUser} password '${verifier}'\n`);
  const [output, [status]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  if (status !== 0) {
    throw new Error(`the password of ${data} cannot be set, postgres --single failed:\n${output}`);
  }
  await writeFile(file, password, { mode: 0o600 });
}

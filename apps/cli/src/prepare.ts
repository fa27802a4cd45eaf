import {
  findPostgresBin,
  natsServer,
  type Progress,
  provideProgram,
  temporalCli,
} from "@fanfare/dev-stack";

/**
 * prepareServers finds, downloads or builds what the servers are run with, one after the other, as
 * a build takes all there is, and tells of each.
 */
export async function prepareServers(
  progress: Progress,
  { env = process.env, signal }: { env?: NodeJS.ProcessEnv; signal?: AbortSignal } = {},
): Promise<void> {
  for (const program of [natsServer, temporalCli]) {
    const address = env[program.variable];
    const place = address
      ? `${address}, from ${program.variable}`
      : await provideProgram(program, { env, progress, signal });
    progress(`${program.name.padEnd(12)} ${place}`);
  }
  const postgres = env.POSTGRES_ADMIN_URL
    ? `${new URL(env.POSTGRES_ADMIN_URL).host}, from POSTGRES_ADMIN_URL`
    : findPostgresBin();
  progress(`${"postgres".padEnd(12)} ${postgres}`);
}

/** reportProgress tells a person on stderr, so that stdout stays with what a command prints. */
export function reportProgress(line: string): void {
  process.stderr.write(`  ${line}\n`);
}

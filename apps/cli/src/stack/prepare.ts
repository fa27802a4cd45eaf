import {
  connectConformance,
  findPostgresBin,
  grpcurl,
  kubeconform,
  kustomize,
  natsCli,
  natsServer,
  type Program,
  type Progress,
  provideProgram,
  temporalCli,
} from "@fanfare/dev-stack";
import { redactUrls } from "@fanfare/service";
import { writeError } from "../write-error.ts";

/** Options of {@link prepareServers} and {@link prepareTestTools}. */
export interface PrepareOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

/**
 * Finds, downloads or builds the programs of the servers, and reports where each is. Prepares one at a
 * time, as a build uses the whole machine. Rejects with the program that is missing and what to do.
 */
export async function prepareServers(
  progress: Progress,
  { env = process.env, signal }: PrepareOptions = {},
): Promise<void> {
  for (const program of [natsServer, temporalCli]) {
    await prepareProgram(program, progress, { env, ...(signal && { signal }) });
  }
  const postgres = env.POSTGRES_ADMIN_URL
    ? `${new URL(env.POSTGRES_ADMIN_URL).host}, from POSTGRES_ADMIN_URL`
    : findPostgresBin();
  progress(`${"postgres".padEnd(12)} ${postgres}`);
}

/**
 * Finds, downloads or builds the tools that only tests use, and reports where each is. Clients that the
 * protocols are tested with may be missing: their tests are skipped, and run in their long forms.
 */
export async function prepareTestTools(
  progress: Progress,
  options: PrepareOptions = {},
): Promise<void> {
  for (const program of [kustomize, kubeconform]) await prepareProgram(program, progress, options);
  for (const program of [connectConformance, grpcurl, natsCli]) {
    await prepareProgram(program, progress, options).catch((error: Error) => {
      options.signal?.throwIfAborted();
      progress(`${error.message}. Its tests are skipped`);
    });
  }
}

/** Writes a line of progress to stderr: stdout carries the output of the command alone. */
export function reportProgress(line: string): void {
  writeError(`  ${line}`);
}

async function prepareProgram(
  program: Program,
  progress: Progress,
  { env = process.env, signal }: PrepareOptions,
): Promise<void> {
  const { name, variable } = program;
  const address = variable === undefined ? undefined : env[variable];
  const location = address
    ? `${redactUrls(address)}, from ${variable}`
    : await provideProgram(program, { env, progress, signal });
  progress(`${name.padEnd(12)} ${location}`);
}

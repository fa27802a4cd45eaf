import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { DevServer } from "./dev-server.ts";
import { describeExit, type Exit, type GuardedProcess } from "./guarded-process.ts";
import { type ReservedPorts, reservePorts } from "./reserve-ports.ts";
import { waitUntil } from "./wait-until.ts";

/** Options of {@link startServer}. */
export interface ServerOptions {
  readonly name: string;
  /** The ports to listen on. Default: ports that stay reserved until `stop`. */
  readonly ports?: readonly number[] | undefined;
  readonly portCount: number;
  /** Removed by `stop`. */
  readonly temporaryFolder?: string | undefined;
  readonly logFile: string;
  /** Aborts the first start. */
  readonly signal?: AbortSignal | undefined;
  /** The signal that `stop` sends. */
  readonly stopSignal: NodeJS.Signals;
  /** How often `answers` is called during a start, in milliseconds. Default: 20. */
  readonly pollIntervalMs?: number;
  /** Starts the process. */
  launch(ports: readonly number[]): Promise<GuardedProcess>;
  /** Resolves to true once the server answers. Called again after false or a rejection. */
  answers(ports: readonly number[], process: GuardedProcess): Promise<boolean>;
}

const maxLaunches = 5;

/**
 * Starts a server and waits until it answers. Launches it again, up to 5 times with a backoff, when one of
 * its ports is in use: with other ports, unless they are given or it ran before. Rejects with the end of
 * the output when the server exits during the start.
 */
export async function startServer(
  options: ServerOptions,
): Promise<DevServer & { readonly ports: readonly number[] }> {
  let reserved =
    options.ports === undefined ? await reservePorts(options.portCount) : keepPorts(options.ports);
  let running: GuardedProcess | undefined;
  let stopped = false;
  const { promise: died, resolve: reportDeath } = Promise.withResolvers<string>();

  /** Calls `chooseOthers` before each further launch. */
  async function launchRepeatedly(
    signal: AbortSignal | undefined,
    chooseOthers: () => Promise<void>,
  ): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await launch(signal);
      } catch (error) {
        const inUse = error instanceof StartError && /already in use/i.test(error.message);
        if (!inUse || attempt >= maxLaunches) throw error;
        await delay(50 * 2 ** attempt, undefined, signal ? { signal } : {});
        await chooseOthers();
      }
    }
  }

  async function launch(signal?: AbortSignal): Promise<void> {
    const process = await options.launch(reserved.ports);
    try {
      await waitUntil(
        async () => {
          if (process.exit !== undefined) return "ended";
          return (await options.answers(reserved.ports, process)) ? "answers" : undefined;
        },
        {
          what: `${options.name} to answer`,
          intervalMs: options.pollIntervalMs ?? 20,
          timeoutMs: 60_000,
          signal,
        },
      );
      if (process.exit !== undefined) {
        throw new StartError(options.name, process.exit, process.output());
      }
    } catch (error) {
      process.signal("SIGKILL");
      await process.exited;
      throw error;
    }
    running = process;
    void reportWhenDead(process);
  }

  async function reportWhenDead(process: GuardedProcess): Promise<void> {
    const exit = await process.exited;
    if (running !== process) return;
    running = undefined;
    const how = `${options.name} ended with ${describeExit(exit)}`;
    reportDeath(`${how}. The end of its log, ${options.logFile}:\n${process.output(15)}`);
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const process = running;
    running = undefined;
    await process?.stop({ signal });
  }

  try {
    await launchRepeatedly(options.signal, async () => {
      if (options.ports !== undefined) return;
      await reserved.release();
      reserved = await reservePorts(options.portCount);
    });
  } catch (error) {
    await reserved.release();
    throw error;
  }

  const stop = async (): Promise<void> => {
    stopped = true;
    await end(options.stopSignal);
    await reserved.release();
    if (options.temporaryFolder !== undefined) {
      await rm(options.temporaryFolder, { recursive: true, force: true, maxRetries: 5 });
    }
  };
  return {
    own: true,
    died,
    get ports() {
      return reserved.ports;
    },
    logFile: options.logFile,
    get pid() {
      return running?.pid;
    },
    kill: (signal = "SIGKILL") => end(signal),
    async start() {
      if (stopped) throw new Error(`${options.name} was stopped for good`);
      if (running === undefined) await launchRepeatedly(undefined, nothing);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

class StartError extends Error {
  override readonly name = "StartError";
  constructor(program: string, exit: Exit, output: string) {
    super(`${program} ended with ${describeExit(exit)} during its start:\n${output}`);
  }
}

/** Returns a server that already runs and that this process must not stop. */
export function createExternalServer(name: string, variable: string): DevServer {
  const refuse = (): Promise<never> =>
    Promise.reject(
      new Error(`${name} is an external server named in ${variable}: unset ${variable} to kill it`),
    );
  return {
    own: false,
    logFile: undefined,
    pid: undefined,
    died: new Promise(() => {}),
    kill: refuse,
    start: nothing,
    stop: nothing,
    [Symbol.asyncDispose]: nothing,
  };
}

function keepPorts(ports: readonly number[]): ReservedPorts {
  return { ports, release: nothing, [Symbol.asyncDispose]: nothing };
}

async function nothing(): Promise<void> {}

import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@fanfare/service";
import { NativeConnection, Worker } from "@temporalio/worker";
import type { Activities } from "./activity-types.ts";
import { searchAttributes, taskQueue } from "./contract.ts";

export interface TripWorkerOptions {
  /** Host and port of Temporal. */
  readonly address: string;
  readonly namespace: string;
  /** The path of the bundled workflow code. */
  readonly bundlePath: string;
  readonly activities: Activities;
  readonly logger: Logger;
}

/** TripWorker takes tasks from Temporal, which may come later than the process and go away meanwhile. */
export interface TripWorker {
  /** ready rejects with the reason while no tasks are taken. */
  ready(): Promise<void>;
  /** stop takes no more tasks and resolves when what was running is finished or given up. */
  stop(): Promise<void>;
  /** Settles when the worker is stopped. */
  readonly stopped: Promise<void>;
}

const readyDeadlineMs = 2_000;
const firstPauseMs = 200;
const longestPauseMs = 5_000;

/** startTripWorker returns at once and goes on until it is stopped. */
export function startTripWorker(options: TripWorkerOptions): TripWorker {
  const stopping = new AbortController();
  let current: { connection: NativeConnection } | undefined;
  let trouble = "it is connecting";

  async function takeTasks(): Promise<void> {
    const connection = await NativeConnection.connect({ address: options.address });
    try {
      await checkSearchAttributes(connection, options.namespace);
      const worker = await createWorker(connection, options);
      const shutdown = () => worker.shutdown();
      const run = worker.run();
      if (stopping.signal.aborted) shutdown();
      stopping.signal.addEventListener("abort", shutdown, { once: true });
      current = { connection };
      options.logger.info({ address: options.address, taskQueue }, "taking tasks from Temporal");
      await run.finally(() => stopping.signal.removeEventListener("abort", shutdown));
    } finally {
      current = undefined;
      await connection.close();
    }
  }

  async function untilStopped(): Promise<void> {
    for (let pauseMs = firstPauseMs; !stopping.signal.aborted; ) {
      const began = Date.now();
      try {
        await takeTasks();
      } catch (error) {
        trouble = error instanceof Error ? error.message : String(error);
        options.logger.warn({ err: error }, "cannot take tasks from Temporal; trying again");
      }
      if (Date.now() - began > longestPauseMs) pauseMs = firstPauseMs;
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }

  const stopped = untilStopped();
  return {
    stopped,
    async ready() {
      if (current === undefined) throw new Error(`Temporal: ${trouble}`);
      const { connection } = current;
      const { namespace } = options;
      await connection.withDeadline(Date.now() + readyDeadlineMs, () =>
        connection.workflowService.describeNamespace({ namespace }),
      );
    },
    async stop() {
      stopping.abort();
      await stopped;
    },
  };
}

async function createWorker(
  connection: NativeConnection,
  { namespace, bundlePath, activities }: TripWorkerOptions,
): Promise<Worker> {
  return Worker.create({
    connection,
    namespace,
    taskQueue,
    workflowBundle: { codePath: bundlePath },
    activities,
    // Activities are over within 5 s; the process's own deadline is 10 s.
    shutdownGraceTime: "6 seconds",
    shutdownForceTime: "8 seconds",
    maxConcurrentActivityTaskExecutions: 100,
    maxConcurrentWorkflowTaskExecutions: 40,
    // How long a workflow waits for a worker that died before another one takes it up.
    stickyQueueScheduleToStartTimeout: "3 seconds",
  });
}

/** Without its search attributes no workflow could go on: that is better said before it begins. */
async function checkSearchAttributes(
  connection: NativeConnection,
  namespace: string,
): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.values(searchAttributes).filter((name) => !(name in customAttributes));
  if (missing.length === 0) return;
  throw new Error(
    `namespace ${namespace} lacks the search attributes ${missing.join(", ")} (Keyword): make them with "fanfare provision"`,
  );
}

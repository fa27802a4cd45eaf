import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@fanfare/service";
import { searchAttributes, taskQueue } from "@fanfare/trip-contract";
import { NativeConnection, Worker, type WorkerDeploymentOptions } from "@temporalio/worker";
import type { Activities } from "./activity-types.ts";

export interface TripWorkerOptions {
  /** Host and port of Temporal. */
  readonly address: string;
  readonly namespace: string;
  /** The path of the bundled workflow code. */
  readonly bundlePath: string;
  readonly activities: Activities;
  readonly logger: Logger;
  /** Names the version of this worker's code; without it Temporal does not tell versions apart. */
  readonly buildId?: string | undefined;
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

/** The name under which Temporal knows the versions of this worker. */
export const workerDeployment = "trips";

const readyTimeoutMs = 2_000;
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
      await connection.withDeadline(Date.now() + readyTimeoutMs, () =>
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
  { namespace, bundlePath, activities, buildId }: TripWorkerOptions,
): Promise<Worker> {
  return Worker.create({
    connection,
    namespace,
    taskQueue,
    workflowBundle: { codePath: bundlePath },
    activities,
    ...(buildId === undefined ? {} : { workerDeploymentOptions: versionOf(buildId) }),
    // Activities are over within 5 s; the process's own deadline is 10 s.
    shutdownGraceTime: "6 seconds",
    shutdownForceTime: "8 seconds",
    maxConcurrentActivityTaskExecutions: 100,
    // A workflow task lasts as long as the calls that are tried within it, and does little meanwhile.
    maxConcurrentLocalActivityExecutions: 200,
    maxConcurrentWorkflowTaskExecutions: 200,
    // How long a workflow waits for a worker that died before another one takes it up.
    stickyQueueScheduleToStartTimeout: "3 seconds",
  });
}

/**
 * versionOf lets Temporal know which version of the code this worker has. A worker of a new version gets
 * no tasks until it is made the current one, or is ramped up to a share of the trips:
 *
 *     temporal worker deployment set-current-version --deployment-name trips --build-id <build id>
 *
 * and the same with the build id before it takes that back. Trips that are under way move to the current
 * version with their next task (AUTO_UPGRADE), so that no old worker has to be kept for a trip that waits
 * for an operator; what keeps that safe are patches, and the recorded histories that every version has to
 * replay. With PINNED each trip would stay with the version that it began on, for as long as it takes.
 */
function versionOf(buildId: string): WorkerDeploymentOptions {
  return {
    version: { deploymentName: workerDeployment, buildId },
    useWorkerVersioning: true,
    defaultVersioningBehavior: "AUTO_UPGRADE",
  };
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

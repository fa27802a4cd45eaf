import { createBackoff, describeReason, pause } from "@fanfare/bus/kit";
import type { Logger } from "@fanfare/service";
import { taskQueue } from "@fanfare/trip-contract";
import { findMissingAttributes, type TemporalSettings } from "@fanfare/trip-contract/temporal";
import type { DataConverter } from "@temporalio/common";
import { type NativeConnection, Worker, type WorkerDeploymentOptions } from "@temporalio/worker";
import { refuseResolved } from "./activities/refuse-resolved.ts";
import type { TripActivities } from "./trip-activities.ts";
import { connectWorker, rotateConnection } from "./worker-connection.ts";

/** Options of `startTripWorker`. */
export interface TripWorkerOptions {
  /** Returns where Temporal is. The worker connects again when that changes. */
  readonly readSettings: () => TemporalSettings;
  /** The path of the bundled workflow code. */
  readonly bundlePath: string;
  readonly activities: TripActivities;
  readonly logger: Logger;
  /** Converts payloads. Default: they are plain JSON. */
  readonly dataConverter?: DataConverter | undefined;
  /** The version of the worker's code. Default: Temporal does not distinguish versions. */
  readonly buildId?: string | undefined;
}

/** A worker that connects to Temporal, and connects again whenever the connection is lost. */
export interface TripWorker {
  /** Rejects with the reason while the worker takes no tasks. */
  ready(): Promise<void>;
  /** Stops taking tasks and resolves when the running ones have ended, after 8 s at most. */
  stop(): Promise<void>;
  /** Resolves when the worker is stopped. */
  readonly stopped: Promise<void>;
}

/** The deployment that the versions of this worker belong to. */
export const workerDeployment = "trips";

const readyTimeoutMs = 2_000;
const maxIntervalMs = 5_000;
const backoff = createBackoff({ initialIntervalMs: 200, maxIntervalMs, jitter: 0 });

/** Starts a worker. Returns at once; the worker runs until it is stopped. */
export function startTripWorker(options: TripWorkerOptions): TripWorker {
  const stopping = new AbortController();
  const { readSettings, logger } = options;
  let current: { readonly worker: Worker; readonly namespace: string } | undefined;
  let notReady = "it is connecting";

  async function takeTasks(): Promise<void> {
    const settings = readSettings();
    const connection = await connectWorker(settings);
    let worker: Worker | undefined;
    try {
      await checkSearchAttributes(connection, settings.namespace);
      worker = await createWorker(connection, settings.namespace, options);
      await runWorker(worker, settings);
    } finally {
      current = undefined;
      await (worker?.connection ?? connection).close();
    }
  }

  async function runWorker(worker: Worker, settings: TemporalSettings): Promise<void> {
    const { address, namespace } = settings;
    const over = new AbortController();
    const shutdown = () => worker.shutdown();
    const run = worker.run();
    if (stopping.signal.aborted) shutdown();
    stopping.signal.addEventListener("abort", shutdown, { once: true });
    current = { worker, namespace };
    logger.info({ address, taskQueue }, "taking tasks from Temporal");
    const rotating = rotateConnection({
      worker,
      settings,
      readSettings,
      signal: AbortSignal.any([stopping.signal, over.signal]),
      onError: (error) =>
        logger.warn({ err: error }, "Temporal refuses the changed settings: the last ones stay"),
    });
    await run.finally(() => {
      stopping.signal.removeEventListener("abort", shutdown);
      over.abort();
    });
    await rotating;
  }

  async function runUntilStopped(): Promise<void> {
    for (let failures = 1; !stopping.signal.aborted; failures++) {
      const began = performance.now();
      try {
        await takeTasks();
      } catch (error) {
        notReady = describeReason(error);
        logger.warn({ err: error }, "taking tasks from Temporal failed: connecting again");
      }
      if (performance.now() - began > maxIntervalMs) failures = 1;
      await pause(backoff(failures), stopping.signal);
    }
  }

  const stopped = runUntilStopped();
  return {
    stopped,
    async ready() {
      if (current === undefined) throw new Error(`Temporal: ${notReady}`);
      const { worker, namespace } = current;
      const { connection } = worker;
      await connection?.withDeadline(Date.now() + readyTimeoutMs, () =>
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
  namespace: string,
  { bundlePath, activities, dataConverter, buildId }: TripWorkerOptions,
): Promise<Worker> {
  return Worker.create({
    connection,
    namespace,
    taskQueue,
    workflowBundle: { codePath: bundlePath },
    activities,
    ...(dataConverter && { dataConverter }),
    interceptors: { activity: [refuseResolved(activities)] },
    ...(buildId === undefined ? {} : { workerDeploymentOptions: createDeploymentOptions(buildId) }),
    // An activity ends within 5 s, and the process has to stop within 10 s.
    shutdownGraceTime: "6 seconds",
    shutdownForceTime: "8 seconds",
    maxConcurrentActivityTaskExecutions: 100,
    // A workflow task lasts as long as its local activities, and is idle for most of that time.
    maxConcurrentLocalActivityExecutions: 200,
    maxConcurrentWorkflowTaskExecutions: 200,
    // After this time another worker continues a workflow whose worker died.
    stickyQueueScheduleToStartTimeout: "3 seconds",
  });
}

/**
 * Returns the options that tell Temporal the version of this worker's code. A worker with a new version gets
 * no tasks until the version becomes the current one, or is ramped up to a share of the trips:
 *
 *     temporal worker deployment set-current-version --deployment-name trips --build-id <build id>
 *
 * The same command with the previous build id rolls back. Trips under way move to the current version
 * with their next task (AUTO_UPGRADE), so no old worker has to run for a parked trip. The recorded
 * histories keep that safe: every version has to replay them. PINNED would keep each trip on the version
 * that it began on until its end.
 */
function createDeploymentOptions(buildId: string): WorkerDeploymentOptions {
  return {
    version: { deploymentName: workerDeployment, buildId },
    useWorkerVersioning: true,
    defaultVersioningBehavior: "AUTO_UPGRADE",
  };
}

/** Throws when search attributes are missing, without which every workflow task would fail. */
async function checkSearchAttributes(
  connection: NativeConnection,
  namespace: string,
): Promise<void> {
  const missing = await findMissingAttributes(connection, namespace);
  if (missing.length === 0) return;
  throw new Error(
    `namespace ${namespace} lacks the search attributes ${missing.join(", ")} (Keyword): create them with "fanfare provision"`,
  );
}

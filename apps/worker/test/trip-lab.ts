import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { startTemporal } from "@fanfare/dev-stack";
import {
  type CancelUpdateResult,
  type CompletedDrive,
  createTripWorkflowId,
  operatorUpdates,
  progressQuery,
  type SagaProgress,
  type StartUpdateResult,
  searchAttributes,
  type TripInput,
  type TripOutcome,
  taskQueue,
  tripWorkflowType,
  updates,
} from "@fanfare/trip-contract";
import {
  Client,
  Connection,
  WithStartWorkflowOperation,
  type WorkflowHandle,
  WorkflowUpdateFailedError,
} from "@temporalio/client";
import { ApplicationFailure, type DataConverter } from "@temporalio/common";
import { DefaultLogger, NativeConnection, Runtime, Worker } from "@temporalio/worker";
import { defineUpdate } from "@temporalio/workflow";
import { createFakeServices, type FakeServices, type Script } from "./fake-services.ts";
import type { FakeTrip } from "./fake-trip.ts";

/** A trip that runs against fake services. Its methods do what its callers do. */
export interface TestTrip {
  readonly tripId: string;
  readonly handle: WorkflowHandle;
  /** The result of the update `start`. */
  readonly started: Promise<StartUpdateResult>;
  readonly fake: FakeTrip;
  /** Ends the drive. Default: requested now, under the id that all callers use. */
  end(options?: { updateId?: string; requestedAt?: string }): Promise<CompletedDrive>;
  cancel(reason: string): Promise<CancelUpdateResult>;
  retry(step?: string): Promise<readonly string[]>;
  resolve(note: string): Promise<readonly string[]>;
  outcome(): Promise<TripOutcome>;
  progress(): Promise<SagaProgress>;
  /** Reads the search attributes. */
  attributes(): Promise<Record<keyof typeof searchAttributes, string | undefined>>;
}

/** A Temporal server and a worker with the trip workflow. */
export interface TripLab extends AsyncDisposable {
  readonly services: FakeServices;
  readonly client: Client;
  /** Starts a trip, by default on the lab's own task queue. */
  begin(script?: Script, input?: Partial<TripInput>, taskQueue?: string): TestTrip;
  /** Starts another worker. Default: with the data converter of the lab. */
  startWorker(taskQueue: string, dataConverter?: DataConverter): Promise<AsyncDisposable>;
}

/** Options of {@link openTripLab}. */
export interface TripLabOptions {
  /** The folder of Temporal's data. Default: a temporary one. */
  readonly data?: string;
  /** Converts the payloads of the client and the worker. Default: they are plain. */
  readonly dataConverter?: DataConverter;
}

const startUpdate = defineUpdate<StartUpdateResult>(updates.start);

/** Starts a lab. */
export async function openTripLab(options: TripLabOptions = {}): Promise<TripLab> {
  Runtime.install({
    logger: new DefaultLogger("ERROR"),
    telemetryOptions: { logging: { filter: "ERROR", forward: {} } },
  });
  const attributes = Object.values(searchAttributes).map((name) => [name, "Keyword"]);
  const temporal = await startTemporal({
    data: options.data,
    searchAttributes: Object.fromEntries(attributes),
  });
  const { address, namespace } = temporal;
  const clientConnection = await Connection.connect({ address });
  const workerConnection = await NativeConnection.connect({ address });
  const converting = options.dataConverter && { dataConverter: options.dataConverter };
  const client = new Client({
    connection: clientConnection,
    namespace,
    identity: "lab",
    ...converting,
  });
  const services = createFakeServices();
  const startWorker = async (
    queue: string,
    dataConverter = options.dataConverter,
  ): Promise<AsyncDisposable> => {
    const worker = await Worker.create({
      connection: workerConnection,
      namespace,
      identity: "lab",
      taskQueue: queue,
      workflowsPath: fileURLToPath(new URL("../src/trip-workflow.ts", import.meta.url)),
      activities: services.activities,
      ...(dataConverter && { dataConverter }),
    });
    const running = worker.run();
    return {
      async [Symbol.asyncDispose]() {
        worker.shutdown();
        await running;
      },
    };
  };
  const worker = await startWorker(taskQueue);

  function begin(
    script: Script = {},
    input: Partial<TripInput> = {},
    queue: string = taskQueue,
  ): TestTrip {
    const tripId = input.tripId ?? randomUUID();
    services.script(tripId, script);
    const workflowId = createTripWorkflowId(tripId);
    const startWorkflowOperation = new WithStartWorkflowOperation(tripWorkflowType, {
      workflowId,
      taskQueue: queue,
      workflowIdConflictPolicy: "USE_EXISTING",
      args: [
        {
          tripId,
          riderId: "rider-1",
          vehicleId: "vehicle-1",
          paymentMethod: "pm_card_visa",
          requestedAt: new Date().toISOString(),
          ...input,
        },
      ],
    });
    const started = client.workflow.executeUpdateWithStart(startUpdate, {
      updateId: updates.start,
      startWorkflowOperation,
    });
    started.catch(() => undefined);
    return createTestTrip(client, services.trip(tripId), { tripId, started });
  }

  return {
    services,
    client,
    begin,
    startWorker,
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      await workerConnection.close();
      await clientConnection.close();
      await temporal.stop();
    },
  };
}

function createTestTrip(
  client: Client,
  fake: FakeTrip,
  { tripId, started }: Pick<TestTrip, "tripId" | "started">,
): TestTrip {
  const handle = client.workflow.getHandle(createTripWorkflowId(tripId));
  return {
    tripId,
    handle,
    started,
    fake,
    end: ({ updateId = updates.end, requestedAt = new Date().toISOString() } = {}) => {
      // The API records a request before it sends it.
      if (!fake.cancelRequested) fake.endRequestedAt ??= requestedAt;
      return handle.executeUpdate(updates.end, { updateId, args: [{ requestedAt }] });
    },
    cancel: (reason) => {
      if (fake.endRequestedAt === undefined && !fake.graceOver) fake.cancelRequested = true;
      return handle.executeUpdate(updates.cancel, { updateId: updates.cancel, args: [{ reason }] });
    },
    retry: (step) =>
      handle.executeUpdate(operatorUpdates.retry, { args: [step === undefined ? {} : { step }] }),
    resolve: (note) => handle.executeUpdate(operatorUpdates.resolve, { args: [{ note }] }),
    outcome: () => handle.result(),
    progress: () => handle.query(progressQuery),
    async attributes() {
      const { typedSearchAttributes } = await handle.describe();
      const all = new Map(
        typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]),
      );
      const read = (name: string) => {
        const value = all.get(name);
        return value === undefined ? undefined : String(value);
      };
      const { status, attention, delayed } = searchAttributes;
      return { status: read(status), attention: read(attention), delayed: read(delayed) };
    },
  };
}

/** Resolves with the type and the message with which an update was refused. */
export async function catchUpdateRefusal(update: Promise<unknown>): Promise<string> {
  try {
    await update;
  } catch (error) {
    const cause = error instanceof WorkflowUpdateFailedError ? error.cause : error;
    if (cause instanceof ApplicationFailure) return `${cause.type}: ${cause.message}`;
    throw error;
  }
  throw new Error("the update was not refused");
}

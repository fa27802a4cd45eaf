import { fileURLToPath } from "node:url";
import { startTemporal } from "@fanfare/dev-stack";
import { Client, Connection, type WorkflowHandle } from "@temporalio/client";
import { DefaultLogger, NativeConnection, Runtime, Worker } from "@temporalio/worker";
import type { SagaProgress, SagaResult, StepState } from "../src/index.ts";
import * as workflows from "./holiday-workflow.ts";
import { createHotelsEndpoint, hotelHandlers, refuseRoom } from "./hotel-services.ts";
import type { PostcardPlan } from "./postcard-workflow.ts";
import type { Way } from "./stay-workflow.ts";
import { type Behaviour, createTravelAgency } from "./travel-agency.ts";

/** A saga that calls the travel agency. */
export interface Holiday {
  readonly handle: WorkflowHandle;
  result(): Promise<SagaResult<unknown>>;
  progress(): Promise<SagaProgress>;
  /** The state of each step, by its name. */
  states(): Promise<Record<string, StepState>>;
  cancel(message: string): Promise<boolean>;
  retry(step?: string): Promise<readonly string[]>;
  resolve(note: string): Promise<readonly string[]>;
  /** The calls that the agency received, each attempt once. */
  calls(): readonly string[];
  compensations(): readonly string[];
  /** The calls of the hooks. */
  reports(): readonly string[];
  script(behaviours: Record<string, Behaviour>): void;
}

/** A Temporal server and a worker with the workflows of the tests. */
export interface HolidayLab extends AsyncDisposable {
  /** Starts a holiday. */
  begin(behaviours?: Record<string, Behaviour>, plan?: workflows.HolidayPlan): Promise<Holiday>;
  /** Starts a workflow without a plan. */
  beginOther(workflow: "picnic" | "stroll"): Promise<Holiday>;
  /** Starts the saga whose steps are tried locally first. The default of its task timeout is 10 s. */
  beginPostcard(
    behaviours?: Record<string, Behaviour>,
    plan?: PostcardPlan & { readonly taskTimeoutMs?: number },
  ): Promise<Holiday>;
  /** Starts a saga whose step is refused, which it learns in the given way. */
  beginStay(way: Way): Promise<Holiday>;
  /** Starts the saga of the README. */
  beginConcert(behaviours?: Record<string, Behaviour>): Promise<Holiday>;
}

/** The path of the workflows. */
export const workflowsPath = fileURLToPath(new URL("./workflows.ts", import.meta.url));

/** Starts a lab. */
export async function openHolidayLab(): Promise<HolidayLab> {
  Runtime.install({
    logger: new DefaultLogger("ERROR"),
    telemetryOptions: { logging: { filter: "ERROR", forward: {} } },
  });
  const taskQueue = "holidays";
  const agency = createTravelAgency();
  const boxOffice = Object.fromEntries(
    ["holdSeats", "freeSeats", "charge", "refund", "printTickets"].map((name) => [
      name,
      () => agency.activities.call(name),
    ]),
  );
  const temporal = await startTemporal();
  const { address, namespace } = temporal;
  const connection = await Connection.connect({ address });
  const workerConnection = await NativeConnection.connect({ address });
  const client = new Client({ connection, namespace });
  const worker = await Worker.create({
    connection: workerConnection,
    namespace,
    taskQueue,
    workflowsPath,
    activities: { ...agency.activities, ...boxOffice, refuseRoom },
    nexusServices: [hotelHandlers],
  });
  await createHotelsEndpoint(client, taskQueue);
  const running = worker.run();
  let nextId = 0;

  async function start(
    workflow: string,
    args: unknown[],
    behaviours: Record<string, Behaviour> = {},
    workflowTaskTimeout = 10_000,
  ): Promise<Holiday> {
    const workflowId = `${workflow}-${++nextId}`;
    agency.script(workflowId, behaviours);
    const handle = await client.workflow.start(workflow, {
      workflowId,
      taskQueue,
      args,
      workflowTaskTimeout,
    });
    const progress = () => handle.query(workflows.progress);
    const calls = () => agency.calls(workflowId);
    return {
      handle,
      progress,
      calls,
      result: () => handle.result(),
      states: async () =>
        Object.fromEntries((await progress()).steps.map(({ name, state }) => [name, state])),
      cancel: (message) => handle.executeUpdate(workflows.cancel, { args: [message] }),
      retry: (step) =>
        handle.executeUpdate(workflows.retry, { args: [step === undefined ? {} : { step }] }),
      resolve: (note) => handle.executeUpdate(workflows.resolve, { args: [note] }),
      compensations: () => calls().filter((what) => what.startsWith("compensate ")),
      reports: () => calls().filter((what) => what.startsWith("report ")),
      script: (changed) => agency.script(workflowId, changed),
    };
  }

  return {
    begin: (behaviours, plan = {}) => start("holiday", [plan], behaviours),
    beginOther: (workflow) => start(workflow, []),
    beginPostcard: (behaviours, { taskTimeoutMs, ...plan } = {}) =>
      start("postcard", [plan], behaviours, taskTimeoutMs),
    beginStay: (way) => start("stay", [way]),
    beginConcert: (behaviours) => start("concert", ["order-1"], behaviours),
    async [Symbol.asyncDispose]() {
      worker.shutdown();
      await running;
      await workerConnection.close();
      await connection.close();
      await temporal.stop();
    },
  };
}

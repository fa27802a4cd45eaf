import { fileURLToPath } from "node:url";
import { startTemporal } from "@fanfare/dev-stack";
import { Client, Connection, type WorkflowHandle } from "@temporalio/client";
import { DefaultLogger, NativeConnection, Runtime, Worker } from "@temporalio/worker";
import type { SagaProgress, SagaResult, StepState } from "../src/index.ts";
import * as workflows from "./holiday-workflow.ts";
import type { PostcardPlan } from "./postcard-workflow.ts";
import { type Behaviour, createTravelAgency } from "./travel-agency.ts";

/** Holiday is a saga that runs against the travel agency. */
export interface Holiday {
  readonly handle: WorkflowHandle;
  result(): Promise<SagaResult<unknown>>;
  progress(): Promise<SagaProgress>;
  /** The state of each step, by its name. */
  states(): Promise<Record<string, StepState>>;
  cancel(message: string): Promise<boolean>;
  retry(step?: string): Promise<readonly string[]>;
  resolve(note: string): Promise<readonly string[]>;
  /** What the agency was asked, each attempt once. */
  calls(): readonly string[];
  compensations(): readonly string[];
  /** What the hooks told. */
  reports(): readonly string[];
  script(behaviours: Record<string, Behaviour>): void;
}

export interface HolidayLab extends AsyncDisposable {
  begin(behaviours?: Record<string, Behaviour>, plan?: workflows.HolidayPlan): Promise<Holiday>;
  /** beginOther starts one of the workflows that take no plan. */
  beginOther(workflow: "picnic" | "stroll"): Promise<Holiday>;
  /** beginPostcard starts the saga whose steps have first tries. */
  beginPostcard(behaviours?: Record<string, Behaviour>, plan?: PostcardPlan): Promise<Holiday>;
  /** beginConcert starts the README's saga. */
  beginConcert(behaviours?: Record<string, Behaviour>): Promise<Holiday>;
}

/** Where the workflows of the tests are. */
export const workflowsPath = fileURLToPath(new URL("./workflows.ts", import.meta.url));

/** openHolidayLab starts a Temporal server and a worker with the holidays on it. */
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
    activities: { ...agency.activities, ...boxOffice },
  });
  const running = worker.run();
  let nextId = 0;

  async function start(
    workflow: string,
    args: unknown[],
    behaviours: Record<string, Behaviour> = {},
  ): Promise<Holiday> {
    const workflowId = `${workflow}-${++nextId}`;
    agency.script(workflowId, behaviours);
    const handle = await client.workflow.start(workflow, { workflowId, taskQueue, args });
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
      reports: () => calls().filter((what) => what.startsWith("tell ")),
      script: (changed) => agency.script(workflowId, changed),
    };
  }

  return {
    begin: (behaviours, plan = {}) => start("holiday", [plan], behaviours),
    beginOther: (workflow) => start(workflow, []),
    beginPostcard: (behaviours, plan = {}) => start("postcard", [plan], behaviours),
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

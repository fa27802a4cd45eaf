import { fileURLToPath } from "node:url";
import { findFreePort, startTemporal } from "@fanfare/dev-stack";
import { taskQueue } from "@fanfare/trip-contract";
import { DefaultLogger, NativeConnection, Runtime, Worker } from "@temporalio/worker";
import { openTemporal, type Temporal } from "../src/temporal/connect-temporal.ts";
import { createTripWorkflows } from "../src/temporal/temporal-trip-workflows.ts";
import type { TripWorkflows } from "../src/temporal/trip-workflows.ts";

/** TestTemporal is a Temporal server, with the stand-in workflow once its worker is started. */
export interface TestTemporal extends AsyncDisposable {
  readonly workflows: TripWorkflows;
  readonly temporal: Temporal;
  startWorker(): Promise<void>;
}

/** openTestTemporal starts a Temporal server without a worker. */
export async function openTestTemporal(): Promise<TestTemporal> {
  Runtime.install({ logger: new DefaultLogger("ERROR") });
  const server = await startTemporal();
  const temporal = openTemporal(server);
  const closing: (() => Promise<unknown>)[] = [() => server.stop(), () => temporal.close()];
  return {
    temporal,
    workflows: createTripWorkflows(temporal.client, () => {}),
    async startWorker() {
      const connection = await NativeConnection.connect({ address: server.address });
      const worker = await Worker.create({
        connection,
        namespace: server.namespace,
        taskQueue,
        workflowsPath: fileURLToPath(new URL("./stand-in-workflow.ts", import.meta.url)),
        activities: {
          async capture() {
            throw new Error("billing is away");
          },
        },
      });
      const running = worker.run();
      closing.push(async () => {
        worker.shutdown();
        await running;
        await connection.close();
      });
    },
    async [Symbol.asyncDispose]() {
      for (const close of closing.toReversed()) await close();
    },
  };
}

/** openNoTemporal is a client of an address where nobody listens. */
export async function openNoTemporal(): Promise<Temporal> {
  return openTemporal({ address: `127.0.0.1:${await findFreePort()}`, namespace: "default" });
}

import { fileURLToPath } from "node:url";
import { reservePort, startTemporal } from "@fanfare/dev-stack";
import { addCodecKey, createDataConverter, parseCodecKeys } from "@fanfare/saga/codec";
import { taskQueue } from "@fanfare/trip-contract";
import { DefaultLogger, NativeConnection, Runtime, Worker } from "@temporalio/worker";
import { connectTemporal, type TemporalConnection } from "../src/temporal/connect-temporal.ts";
import { createTripWorkflows } from "../src/temporal/temporal-trip-workflows.ts";
import type { TripWorkflows } from "../src/temporal/trip-workflows.ts";

/** A Temporal server whose payloads are encrypted. Once its worker is started it runs the fake trip workflow. */
export interface TestTemporal extends AsyncDisposable {
  readonly workflows: TripWorkflows;
  readonly temporal: TemporalConnection;
  startWorker(): Promise<void>;
}

/** Starts a Temporal server without a worker. */
export async function openTestTemporal(): Promise<TestTemporal> {
  Runtime.install({ logger: new DefaultLogger("ERROR") });
  const server = await startTemporal();
  const keys = parseCodecKeys(addCodecKey());
  const dataConverter = createDataConverter(() => keys);
  const { address, namespace } = server;
  const temporal = connectTemporal(() => ({ address, namespace }), { dataConverter });
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
        dataConverter,
        workflowsPath: fileURLToPath(new URL("./fake-trip-workflow.ts", import.meta.url)),
        activities: {
          async capture() {
            throw new Error("billing is unavailable");
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

/** Creates a connection to an address without a server. */
export async function connectNoTemporal(): Promise<TemporalConnection> {
  const settings = { address: `127.0.0.1:${await reservePort()}`, namespace: "default" };
  return connectTemporal(() => settings);
}

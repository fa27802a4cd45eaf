import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startTemporal, waitUntil } from "@fanfare/dev-stack";
import { createLogger } from "@fanfare/service";
import {
  createTripWorkflowId,
  searchAttributes,
  taskQueue,
  tripWorkflowType,
  updates,
} from "@fanfare/trip-contract";
import { Client, Connection } from "@temporalio/client";
import { bundleWorkflowCode, DefaultLogger, Runtime } from "@temporalio/worker";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startTripWorker, workerDeployment } from "../src/trip-worker.ts";
import { createFakeServices } from "./fake-services.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const stack = new AsyncDisposableStack();
let client: Client;
let startVersion: (buildId: string) => { stop(): Promise<void> };
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger("ERROR") });
  const attributes = Object.values(searchAttributes).map((name) => [name, "Keyword"]);
  const temporal = stack.use(
    await startTemporal({ searchAttributes: Object.fromEntries(attributes) }),
  );
  const folder = await mkdtemp(join(tmpdir(), "fanfare-version-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL("../src/trip-workflow.ts", import.meta.url)),
    logger: new DefaultLogger("ERROR"),
  });
  const bundlePath = join(folder, "workflows.js");
  await writeFile(bundlePath, code);
  const { address, namespace } = temporal;
  const connection = await Connection.connect({ address });
  stack.defer(() => connection.close());
  client = new Client({ connection, namespace });
  const logger = createLogger({ name: "versions", level: "silent" });
  const { activities } = createFakeServices();
  startVersion = (buildId) => {
    const worker = startTripWorker({
      readSettings: () => ({ address, namespace }),
      bundlePath,
      activities,
      logger,
      buildId,
    });
    stack.defer(() => worker.stop());
    return worker;
  };
});
afterAll(() => stack.disposeAsync());

/** Makes a version the current one, once Temporal knows it. */
async function makeCurrent(buildId: string): Promise<void> {
  await waitUntil(
    async () => {
      await client.connection.workflowService.setWorkerDeploymentCurrentVersion({
        namespace: "default",
        deploymentName: workerDeployment,
        buildId,
        identity: "test",
      });
      return true;
    },
    { what: `version ${buildId} to be current`, timeoutMs: 60_000, intervalMs: 200 },
  );
}

/** Returns the version that ran the last task of a trip. */
async function readVersion(tripId: string): Promise<string | null | undefined> {
  const { raw } = await client.workflow.getHandle(createTripWorkflowId(tripId)).describe();
  return raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId;
}

describe("a worker with a build id", () => {
  it("takes trips once its version is current, including those under way", async () => {
    const tripId = crypto.randomUUID();
    startVersion("one");
    await makeCurrent("one");
    const handle = await client.workflow.start(tripWorkflowType, {
      taskQueue,
      workflowId: createTripWorkflowId(tripId),
      args: [
        {
          tripId,
          riderId: "rosa",
          vehicleId: "vehicle-1",
          paymentMethod: "pm_card_visa",
          requestedAt: new Date().toISOString(),
        },
      ],
    });
    await handle.executeUpdate(updates.start, { updateId: updates.start });
    expect(await readVersion(tripId)).toBe("one");

    startVersion("two");
    await makeCurrent("two");
    await handle.executeUpdate(updates.end, {
      updateId: updates.end,
      args: [{ requestedAt: new Date().toISOString() }],
    });
    expect(await handle.result()).toMatchObject({ status: "SETTLED" });
    expect(await readVersion(tripId)).toBe("two");
  });
});

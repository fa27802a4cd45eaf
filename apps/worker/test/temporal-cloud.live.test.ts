import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRouterTransport } from "@connectrpc/connect";
import { createMemoryBus } from "@fanfare/bus";
import { createAuthority, startTemporal, waitUntil } from "@fanfare/dev-stack";
import { createLogger } from "@fanfare/service";
import { startRestrictedTemporal } from "@fanfare/test-fixtures";
import { searchAttributes, taskQueue } from "@fanfare/trip-contract";
import { openTemporalSettings } from "@fanfare/trip-contract/temporal";
import { Client, Connection } from "@temporalio/client";
import { describe, expect, it } from "vitest";
import { createBillingActivities } from "../src/activities/billing.ts";
import { createFleetActivities } from "../src/activities/fleet.ts";
import { createPublishActivities } from "../src/activities/publish.ts";
import { createReturnActivities } from "../src/activities/return-vehicle.ts";
import { createRegistryActivities } from "../src/activities/trips.ts";
import { startTripWorker } from "../src/trip-worker.ts";
import { findWorkflowBundle } from "../src/workflow-bundle.ts";

describe("a worker of Temporal Cloud", { timeout: 120_000 }, () => {
  it("rotation: needs no operator service, and takes tasks with a new key and certificate without a restart", async () => {
    await using stack = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), "temporal-cloud-"));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const authority = await createAuthority(folder);
    const files = await authority.issue("worker");
    const keyFile = join(folder, "api-key");
    await writeFile(keyFile, "first");
    const server = stack.use(
      await startTemporal({
        searchAttributes: Object.fromEntries(
          Object.values(searchAttributes).map((name) => [name, "Keyword"]),
        ),
      }),
    );
    const cloud = stack.use(
      await startRestrictedTemporal({
        target: server.address,
        files: await authority.issue("temporal"),
        apiKey: "first",
        clientCertificates: true,
      }),
    );
    await using bus = createMemoryBus();
    const noService = { transport: createRouterTransport(() => {}) };
    const worker = startTripWorker({
      readSettings: openTemporalSettings({
        TEMPORAL_ADDRESS: cloud.address,
        TEMPORAL_API_KEY_FILE: keyFile,
        TEMPORAL_TLS_SERVER_CA_CERT_PATH: files.caFile,
        TEMPORAL_TLS_CLIENT_CERT_PATH: files.certFile,
        TEMPORAL_TLS_CLIENT_KEY_PATH: files.keyFile,
      }),
      bundlePath: findWorkflowBundle(),
      activities: {
        ...createRegistryActivities(noService),
        ...createFleetActivities(noService),
        ...createReturnActivities({ fleet: noService.transport, trips: noService.transport }),
        ...createBillingActivities(noService),
        ...createPublishActivities({ bus }),
      },
      logger: createLogger({ name: "worker", level: "silent" }),
    });
    stack.defer(() => worker.stop());
    const isReady = () => worker.ready().then(() => true);
    await waitUntil(isReady, { what: "the worker to take tasks" });

    await authority.issue("worker");
    await writeFile(keyFile, "second");
    cloud.requireKey("second");
    const wasAccepted = (method: string) =>
      cloud.listAccepted("second").some((path) => path.endsWith(method));
    await waitUntil(() => wasAccepted("/GetSystemInfo"), { what: "a second connection" });
    await waitUntil(isReady, { what: "the worker to use it" });
    // The poll that waits now has begun with the first key. What it receives is answered with the second.
    const connection = await Connection.connect({ address: server.address });
    stack.defer(() => connection.close());
    await new Client({ connection }).workflow.start("unknown", { workflowId: "one", taskQueue });
    await waitUntil(() => wasAccepted("/RespondWorkflowTaskFailed"), { what: "an answer" });
    const polls = waitUntil(() => wasAccepted("/PollWorkflowTaskQueue"), { what: "another poll" });
    await expect(polls).resolves.toBe(true);
  });
});

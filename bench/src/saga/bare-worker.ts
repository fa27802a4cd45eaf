import { fileURLToPath } from "node:url";
import { NativeConnection, Runtime, Worker } from "@temporalio/worker";

// The process of the bare workflow, with the settings of the trips' worker: bare-worker.ts <address>.
process.once("disconnect", () => process.exit());
const [address = ""] = process.argv.slice(2);
Runtime.install({
  telemetryOptions: { logging: { filter: { core: "ERROR", other: "ERROR" } } },
});
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  taskQueue: "bare",
  workflowsPath: fileURLToPath(new URL("bare-workflow.ts", import.meta.url)),
  activities: { nothing: async () => {} },
  maxConcurrentActivityTaskExecutions: 100,
  maxConcurrentWorkflowTaskExecutions: 40,
});
await worker.run();
process.exit();

import { fileURLToPath } from "node:url";
import { NativeConnection, Runtime, Worker } from "@temporalio/worker";
import { openConverter } from "./open-converter.ts";

// The process of the bare workflow, with the settings of the trips' worker:
// bare-worker.ts <address> <task queue> [key file of the codec].
process.once("disconnect", () => process.exit());
const [address = "", taskQueue = "", keyFile] = process.argv.slice(2);
Runtime.install({
  telemetryOptions: { logging: { filter: { core: "ERROR", other: "ERROR" } } },
});
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  taskQueue,
  workflowsPath: fileURLToPath(new URL("bare-workflow.ts", import.meta.url)),
  ...(keyFile && { dataConverter: openConverter(keyFile) }),
  activities: { nothing: async () => {} },
  maxConcurrentActivityTaskExecutions: 100,
  maxConcurrentWorkflowTaskExecutions: 40,
});
await worker.run();
process.exit();

import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { failureConverterPath } from "@fanfare/saga/codec";
import { bundleWorkflowCode, DefaultLogger } from "@temporalio/worker";
import { workflowBundlePath } from "./workflow-bundle.ts";

const { code } = await bundleWorkflowCode({
  workflowsPath: fileURLToPath(new URL("./workflows.ts", import.meta.url)),
  failureConverterPath,
  logger: new DefaultLogger("WARN"),
});
await mkdir(dirname(workflowBundlePath), { recursive: true });
await writeFile(workflowBundlePath, code);

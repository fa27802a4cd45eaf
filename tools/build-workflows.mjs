import { join } from "node:path";
import { runCommand } from "./command.mjs";
import { filesBelow, hashOf, isStamped, writeStamp } from "./stamp.mjs";

const sources = ["apps/worker/src", "packages/saga/src"];
const bundle = "apps/worker/dist/workflow-bundle.js";

/** buildWorkflows builds the bundle of workflow code unless it is of these very sources. */
export async function buildWorkflows({ root, node, env, report }) {
  const stamp = join(root, "node_modules", ".fanfare-workflows");
  const wanted = () => hashOf(root, ["pnpm-lock.yaml", bundle, ...filesBelow(root, sources)]);
  if (isStamped(stamp, wanted())) {
    report.found("workflows", "built");
    return;
  }
  await report.doing("workflows", "building", async () => {
    await runCommand(node, ["src/build.ts"], {
      cwd: join(root, "apps", "worker"),
      env,
      advice: "mend what it says and run this again",
    });
    writeStamp(stamp, wanted());
  });
}

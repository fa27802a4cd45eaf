import { join } from "node:path";
import { runCommand } from "./command.mjs";
import { hashFiles, listFiles, matchesStamp, writeStamp } from "./stamp.mjs";

const sources = ["apps/worker/src", "packages/saga/src"];
const bundle = "apps/worker/dist/workflow-bundle.js";

/** Builds the bundle of workflow code, unless the bundle and its sources are unchanged. */
export async function buildWorkflows({ root, node, env, report }) {
  const stamp = join(root, "node_modules", ".fanfare-workflows");
  const wanted = () => hashFiles(root, ["pnpm-lock.yaml", bundle, ...listFiles(root, sources)]);
  if (matchesStamp(stamp, wanted())) {
    report.found("workflows", "built");
    return;
  }
  await report.track("workflows", "building", async () => {
    await runCommand(node, ["src/build.ts"], {
      cwd: join(root, "apps", "worker"),
      env,
      advice: "fix the error below and run this again",
    });
    writeStamp(stamp, wanted());
  });
}

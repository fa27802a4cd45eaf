import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { buildWorkflows } from "./build-workflows.mjs";
import { cacheFolder } from "./cache-folder.mjs";
import { runCommand } from "./command.mjs";
import { installPackages } from "./install-packages.mjs";
import { Problem } from "./problem.mjs";
import { providePnpm } from "./provide-pnpm.mjs";

/**
 * preflight makes the checkout ready to run anything: pnpm, what the lockfile says, Node 24 and the
 * workflow bundle. It gives that Node and the environment to run it in. Nothing is written outside
 * the checkout and the cache folder. Throws a Problem that says what is missing and what to do.
 */
export async function preflight({ root, env = process.env, report }) {
  requireNode(process.versions.node);
  await runCommand("git", ["--version"], { env, advice: "install git" });
  const { version } = manifestOf(root).devEngines.packageManager;
  const cache = cacheFolder(env);
  const pnpm = await providePnpm({ cache, version, env, report });
  await installPackages({ root, cache, pnpm, env, report });
  const node = join(root, "node_modules", "node", "bin", "node");
  if (!existsSync(node)) {
    throw new Problem(`${node} is missing: remove node_modules and run this again`);
  }
  report.found(
    "node",
    `${manifestOf(join(root, "node_modules", "node")).version}, in node_modules`,
  );
  const ready = readyEnvironment({ root, cache, pnpm, env });
  await buildWorkflows({ root, node, env: ready, report });
  return { node, pnpm: join(pnpm, "pnpm"), env: ready };
}

function manifestOf(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

function requireNode(version) {
  if (Number(version.split(".")[0]) >= 20) return;
  throw new Problem(`Node ${version} is too old: install Node 20 or newer`);
}

/** What runs after the preflight finds the right Node and pnpm first, and keeps to the cache folder. */
function readyEnvironment({ root, cache, pnpm, env }) {
  const bins = [
    join(root, "node_modules", "node", "bin"),
    join(root, "node_modules", ".bin"),
    pnpm,
  ];
  return {
    ...env,
    PATH: [...bins, env.PATH].join(delimiter),
    FANFARE_CACHE: cache,
    NODE_COMPILE_CACHE: join(cache, "compiled"),
    NODE_USE_ENV_PROXY: "1",
    TURBO_CONFIG_DIR_PATH: join(cache, "turbo"),
    TURBO_TELEMETRY_DISABLED: "1",
    XDG_CACHE_HOME: join(cache, "tools"),
    XDG_DATA_HOME: join(cache, "tools"),
  };
}

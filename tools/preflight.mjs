import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { buildWorkflows } from "./build-workflows.mjs";
import { cacheFolder } from "./cache-folder.mjs";
import { runCommand } from "./command.mjs";
import { installPackages } from "./install-packages.mjs";
import { providePnpm } from "./provide-pnpm.mjs";
import { requireWritable } from "./require-writable.mjs";
import { UserError } from "./user-error.mjs";

/**
 * Prepares the checkout: pnpm, the packages of the lockfile, Node 24 and the workflow bundle. Resolves to
 * the paths of Node and pnpm and the environment for them. Writes only to the checkout and the cache
 * folder. Rejects with a UserError that names what is missing and what to do.
 */
export async function preflight({ root, env = process.env, report }) {
  requireNode(process.versions.node);
  await runCommand("git", ["--version"], { env, advice: "install git" });
  const { version } = readManifest(root).devEngines.packageManager;
  const cache = cacheFolder(env);
  requireWritable(cache, "set FANFARE_CACHE to another one");
  const pnpm = await providePnpm({ cache, version, env, report });
  await installPackages({ root, cache, pnpm, env, report });
  const node = findNode(root, report);
  const ready = createEnvironment({ root, cache, node, pnpm, env });
  await buildWorkflows({ root, node, env: ready, report });
  return { node, pnpm: join(pnpm, "pnpm"), env: ready };
}

function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

/** Returns the path of Node 24: the package of this platform in the lockfile, else the Node that runs this. */
function findNode(root, report, { platform, arch, execPath, versions } = process) {
  const folder = join(root, "node_modules", `node-${platform}-${arch}`);
  const node = join(folder, "bin", "node");
  if (existsSync(node)) {
    // pnpm installs the Node of every platform, as their manifests do not restrict them, and links one.
    linkCommand(join(root, "node_modules", ".bin", "node"), node);
    report.found("node", `${readManifest(folder).version}, in node_modules`);
    return node;
  }
  if (Object.hasOwn(readManifest(root).optionalDependencies ?? {}, `node-${platform}-${arch}`)) {
    throw new UserError(`${node} is missing: remove node_modules and run this again`);
  }
  if (Number(versions.node.split(".")[0]) < 24) {
    throw new UserError(
      `expected Node 24 or newer, as the lockfile has no Node for ${platform} on ${arch}, got ${versions.node}: install Node 24`,
    );
  }
  report.found("node", `${versions.node}, at ${execPath}`);
  return execPath;
}

function linkCommand(link, file) {
  if (existsSync(link) && realpathSync(link) === realpathSync(file)) return;
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(file, link);
}

function requireNode(version) {
  if (Number(version.split(".")[0]) >= 20) return;
  throw new UserError(`expected Node 20 or newer, got ${version}: install a newer Node`);
}

/** Returns an environment with the pinned Node and pnpm first on PATH, and all caches in the cache folder. */
function createEnvironment({ root, cache, node, pnpm, env }) {
  const bins = [dirname(node), join(root, "node_modules", ".bin"), pnpm];
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

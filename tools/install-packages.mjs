import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "./command.mjs";
import { hashFiles, matchesStamp, writeStamp } from "./stamp.mjs";

/**
 * Installs the packages of the lockfile, with pnpm's store and caches in the cache folder. Does nothing
 * when the lockfile and the manifests are unchanged.
 */
export async function installPackages({ root, cache, pnpm, env, report }) {
  const inputs = ["pnpm-lock.yaml", "pnpm-workspace.yaml", ...listManifests(root)];
  const stamp = join(root, "node_modules", ".fanfare-installed");
  const wanted = hashFiles(root, inputs);
  if (matchesStamp(stamp, wanted)) {
    report.found("packages", "match the lockfile");
    return;
  }
  await report.track("packages", "installing from the lockfile", async () => {
    const args = ["install", "--frozen-lockfile", "--reporter=append-only"];
    await runCommand(join(pnpm, "pnpm"), [...args, "--store-dir", findStore(root, cache)], {
      cwd: root,
      env: {
        ...env,
        CI: "true",
        XDG_CACHE_HOME: join(cache, "pnpm", "cache"),
        XDG_STATE_HOME: join(cache, "pnpm", "state"),
        XDG_DATA_HOME: join(cache, "pnpm", "data"),
      },
      advice: "fix the error below and run this again",
    });
    writeStamp(stamp, wanted);
  });
}

/** Returns the store that an existing node_modules came from, as pnpm reinstalls it from any other. */
function findStore(root, cache) {
  const modules = join(root, "node_modules", ".modules.yaml");
  const text = existsSync(modules) ? readFileSync(modules, "utf8") : "";
  const [, store] = /^\s*"?storeDir"?:\s*"?(.+?)(?:\/v\d+)?"?,?\s*$/m.exec(text) ?? [];
  return store !== undefined && existsSync(store) ? store : join(cache, "pnpm", "store");
}

function listManifests(root) {
  const below = ["apps", "packages"].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}/package.json`),
  );
  return ["package.json", "bench/package.json", "tools/package.json", ...below].toSorted((a, b) =>
    a < b ? -1 : 1,
  );
}

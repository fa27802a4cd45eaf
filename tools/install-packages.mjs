import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "./command.mjs";
import { hashOf, isStamped, writeStamp } from "./stamp.mjs";

/**
 * installPackages installs what the lockfile says, with pnpm's store and caches in the cache folder,
 * unless nothing has changed since it last did.
 */
export async function installPackages({ root, cache, pnpm, env, report }) {
  const inputs = ["pnpm-lock.yaml", "pnpm-workspace.yaml", ...manifests(root)];
  const stamp = join(root, "node_modules", ".fanfare-installed");
  const wanted = hashOf(root, inputs);
  if (isStamped(stamp, wanted)) {
    report.found("packages", "as the lockfile says");
    return;
  }
  await report.doing("packages", "installing from the lockfile", async () => {
    const args = ["install", "--frozen-lockfile", "--reporter=append-only"];
    await runCommand(join(pnpm, "pnpm"), [...args, "--store-dir", storeOf(root, cache)], {
      cwd: root,
      env: {
        ...env,
        CI: "true",
        XDG_CACHE_HOME: join(cache, "pnpm", "cache"),
        XDG_STATE_HOME: join(cache, "pnpm", "state"),
        XDG_DATA_HOME: join(cache, "pnpm", "data"),
      },
      advice: "mend what it says and run this again",
    });
    writeStamp(stamp, wanted);
  });
}

/** What was installed by hand stays with the store that it came from, or pnpm would begin anew. */
function storeOf(root, cache) {
  const modules = join(root, "node_modules", ".modules.yaml");
  const text = existsSync(modules) ? readFileSync(modules, "utf8") : "";
  const [, store] = /^\s*"?storeDir"?:\s*"?(.+?)(?:\/v\d+)?"?,?\s*$/m.exec(text) ?? [];
  return store !== undefined && existsSync(store) ? store : join(cache, "pnpm", "store");
}

function manifests(root) {
  const below = ["apps", "packages"].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}/package.json`),
  );
  return ["package.json", "bench/package.json", "tools/package.json", ...below].toSorted((a, b) =>
    a < b ? -1 : 1,
  );
}

import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { runCommand } from "./command.mjs";

/**
 * Returns the folder with the pinned pnpm. When the cache folder does not have it, npm installs it into a
 * scratch folder, which is then moved into place.
 */
export async function providePnpm({ cache, version, env, report }) {
  const target = join(cache, `pnpm-${version}`);
  const bin = join(target, "node_modules", ".bin");
  if (existsSync(join(bin, "pnpm"))) {
    report.found("pnpm", `${version}, in the cache`);
    return bin;
  }
  await report.track("pnpm", `installing ${version}`, async () => {
    const scratch = mkdtempSync(join(cache, "pnpm-new-"));
    try {
      const args = ["install", "--prefix", scratch, "--no-audit", "--no-fund", "--no-save"];
      await runCommand("npm", [...args, "--loglevel=error", `pnpm@${version}`], {
        cwd: scratch,
        env: { ...env, npm_config_cache: join(cache, "npm") },
        advice: "check that npm reaches its registry and run this again",
      });
      moveUnlessPresent(scratch, target);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  });
  return bin;
}

function moveUnlessPresent(from, target) {
  mkdirSync(dirname(target), { recursive: true });
  try {
    renameSync(from, target);
  } catch (error) {
    if (!existsSync(target)) throw error;
  }
}

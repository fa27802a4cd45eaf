import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { runCommand } from "./command.mjs";

/**
 * providePnpm gives the folder with the pinned pnpm, which npm installs into the cache folder when it
 * is not there: first beside its place and then, whole, into it.
 */
export async function providePnpm({ cache, version, env, report }) {
  const place = join(cache, `pnpm-${version}`);
  const bin = join(place, "node_modules", ".bin");
  if (existsSync(join(bin, "pnpm"))) {
    report.found("pnpm", `${version}, in the cache`);
    return bin;
  }
  await report.doing("pnpm", `installing ${version}`, async () => {
    mkdirSync(cache, { recursive: true });
    const scratch = mkdtempSync(join(cache, "pnpm-new-"));
    try {
      const args = ["install", "--prefix", scratch, "--no-audit", "--no-fund", "--no-save"];
      await runCommand("npm", [...args, "--loglevel=error", `pnpm@${version}`], {
        cwd: scratch,
        env: { ...env, npm_config_cache: join(cache, "npm") },
        advice: "npm has to reach its registry, once",
      });
      moveUnlessThere(scratch, place);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  });
  return bin;
}

function moveUnlessThere(from, place) {
  mkdirSync(dirname(place), { recursive: true });
  try {
    renameSync(from, place);
  } catch (error) {
    if (!existsSync(place)) throw error;
  }
}

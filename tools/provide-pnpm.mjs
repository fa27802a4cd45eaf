import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand } from "./command.mjs";

const lockFolder = fileURLToPath(new URL("pnpm", import.meta.url));
const lock = "package-lock.json";

/**
 * Returns the folder with the pinned pnpm. When the cache folder does not have it, npm installs it into a
 * scratch folder, which is then moved into place. npm compares each package with the SHA-512 in
 * tools/pnpm/package-lock.json. Reports when that has no package of this platform, which is then installed
 * without.
 */
export async function providePnpm({ cache, version, env, report }) {
  const target = join(cache, `pnpm-${version}`);
  const bin = join(target, "node_modules", ".bin");
  if (existsSync(join(bin, "pnpm"))) {
    report.found("pnpm", `${version}, in the cache`);
    return bin;
  }
  const remark = hasLock(version)
    ? ""
    : `, not verified: tools/pnpm/${lock} has no package of this platform`;
  await report.track("pnpm", `installing ${version}${remark}`, async () => {
    const scratch = mkdtempSync(join(cache, "pnpm-new-"));
    try {
      // Not "npm ci", which refuses a lock without the packages of every other platform.
      for (const name of ["package.json", lock]) {
        copyFileSync(join(lockFolder, name), join(scratch, name));
      }
      const args = ["install", "--prefix", scratch, "--no-audit", "--no-fund", "--loglevel=error"];
      await runCommand("npm", args, {
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

/** Returns whether the lock has the pnpm of this version and platform. */
function hasLock(version) {
  const { packages } = JSON.parse(readFileSync(join(lockFolder, lock), "utf8"));
  const names = ["pnpm", `@pnpm/exe.${process.platform}-${process.arch}`];
  return names.every((name) => packages[`node_modules/${name}`]?.version === version);
}

function moveUnlessPresent(from, target) {
  mkdirSync(dirname(target), { recursive: true });
  try {
    renameSync(from, target);
  } catch (error) {
    if (!existsSync(target)) throw error;
  }
}

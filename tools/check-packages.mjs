// Packs the published packages and checks the tarballs as their users get them: publint and attw.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("..", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "fanfare-tarballs-"));
const checks = [
  ["publint", "--strict"],
  ["attw", "--profile", "esm-only", "--no-emoji"],
];
let failed = false;
try {
  execFileSync("node", [join(root, "apps/cli/src/main.ts"), "pack", "--to", folder], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  for (const tarball of readdirSync(folder)) {
    for (const [command, ...args] of checks) {
      const { status, stdout, stderr } = spawnSync(command, [join(folder, tarball), ...args], {
        encoding: "utf8",
      });
      if (status === 0) continue;
      failed = true;
      console.error(`${command} refuses ${tarball}:\n${stdout}${stderr}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
process.exitCode = failed ? 1 : 0;

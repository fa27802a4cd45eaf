// Compares the protos with those of the last release: node tools/check-breaking.mjs
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The image of the last release, written by tools/release.mjs. */
export const releasedImage = "proto/released.binpb";

/**
 * Returns what breaks the wire or JSON format of the protos in `root` compared with an image; an empty
 * string when nothing does.
 */
export function findBreakingChanges(root, image) {
  const folder = mkdtempSync(join(tmpdir(), "fanfare-protos-"));
  try {
    // Image against image: of a workspace, buf compares each module with the whole image.
    const current = join(folder, "current.binpb");
    const built = run(root, ["build", "-o", current]);
    if (built !== "") return built;
    const config = JSON.stringify({
      version: "v2",
      breaking: { use: ["WIRE_JSON"], ignore: ["buf/validate/validate.proto"] },
    });
    return run(root, ["breaking", current, "--against", image, "--config", config]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs buf and returns what it reports; an empty string when it succeeds. */
function run(root, args) {
  const { status, stdout, stderr, error } = spawnSync("buf", args, { cwd: root, encoding: "utf8" });
  if (error !== undefined) throw error;
  return status === 0 ? "" : `${stdout}${stderr}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL("..", import.meta.url));
  if (!existsSync(join(root, releasedImage))) {
    console.log("no release yet: nothing to compare the protos with");
  } else {
    const changes = findBreakingChanges(root, releasedImage);
    if (changes !== "") {
      console.error(changes);
      console.error(
        "Add fields and methods under new numbers and names instead of changing released ones.",
      );
      process.exitCode = 1;
    }
  }
}

// Publishes the packages whose version the registry does not have yet, with provenance, and stores the
// image of the protos that the next release is compared with. Run by .github/workflows/release.yml.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { releasedImage } from "./check-breaking.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const run = (command, args) => execFileSync(command, args, { cwd: root, stdio: "inherit" });

run("pnpm", ["--filter", "./packages/*", "--if-present", "run", "build"]);
run("changeset", ["publish"]);
run("buf", ["build", "-o", releasedImage]);

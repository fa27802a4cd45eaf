// Generates every module into a temporary folder and compares the result with the committed code.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("..", import.meta.url).pathname;
const conformance = "packages/service/test/conformance";
const templates = [
  "buf.gen.yaml",
  "packages/bus/buf.gen.yaml",
  "packages/service/buf.gen.yaml",
  `${conformance}/buf.gen.yaml`,
];
const outputs = [
  "packages/contracts/src/gen",
  "packages/bus/src/gen",
  "packages/service/src/gen",
  `${conformance}/gen`,
];

/** Returns the text of each file below a folder, by its path. */
function readFiles(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return new Map(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8")]),
  );
}

const fresh = mkdtempSync(join(tmpdir(), "generated-"));
const stale = [];
try {
  for (const template of templates) {
    execFileSync("buf", ["generate", "--template", template, "--output", fresh], {
      cwd: root,
      stdio: ["ignore", "ignore", "inherit"],
    });
  }
  for (const output of outputs) {
    const committed = readFiles(join(root, output));
    const generated = readFiles(join(fresh, output));
    for (const path of new Set([...committed.keys(), ...generated.keys()])) {
      if (committed.get(path) !== generated.get(path)) stale.push(join(output, path));
    }
  }
} finally {
  rmSync(fresh, { recursive: true });
}

if (stale.length > 0) {
  console.error(`generated code differs from the protos: ${stale.join(", ")}`);
  console.error("Run `npm run generate` and commit the result.");
  process.exit(1);
}

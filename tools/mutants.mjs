// Applies each mutant of mutant-list.mjs to a copy of its package, runs the conformance suite there, and
// reports which mutants survived: node tools/mutants.mjs [parts of names]
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { mutants } from "./mutant-list.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const suites = {
  "packages/bus": "src/memory/memory-broker.test.ts",
  "packages/bus-nats": "src/conformance.live.test.ts",
};
/** A suite that exceeds this has detected the mutant. */
const suiteTimeoutMs = 600_000;

/** Runs the package's suite in the copy. Returns whether it passes. */
function runSuite(folder, copy) {
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const args = ["run", suites[folder], "--root", copy, "--bail=1", "--reporter=dot"];
  const { status } = spawnSync(process.execPath, [vitest, ...args], {
    cwd: copy,
    timeout: suiteTimeoutMs,
  });
  return status === 0;
}

/**
 * Copies a package into `.mutants` inside it, where the copy resolves the same packages. Each process has
 * its own copy: without it, two runs would detect each other.
 */
function withCopy(folder, use) {
  const copies = join(root, folder, ".mutants");
  removeLeftCopies(copies);
  const copy = join(copies, String(process.pid));
  try {
    for (const name of ["src", "test", "package.json"]) {
      const from = join(root, folder, name);
      if (existsSync(from)) cpSync(from, join(copy, name), { recursive: true });
    }
    return use(copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Removes the copies of processes that were killed. */
function removeLeftCopies(copies) {
  for (const name of existsSync(copies) ? readdirSync(copies) : []) {
    if (!isRunning(Number(name))) rmSync(join(copies, name), { recursive: true, force: true });
  }
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}

function applyMutant(folder, { name, file, find, replace }) {
  const path = join(folder, file);
  const parts = readFileSync(path, "utf8").split(find);
  if (parts.length !== 2) {
    throw new Error(
      `mutant "${name}": expected its text once in ${file}, found it ${parts.length - 1} times: correct it in tools/mutants\n${find}`,
    );
  }
  writeFileSync(path, parts.join(replace));
}

const nameParts = process.argv.slice(2);
const chosen = mutants.filter(
  ({ name }) => nameParts.length === 0 || nameParts.some((part) => name.includes(part)),
);
if (chosen.length === 0) {
  console.error(`no mutant has a name with ${nameParts.join(" or ")}: see tools/mutant-list.mjs`);
  process.exit(1);
}
for (const folder of new Set(chosen.map((mutant) => mutant.package))) {
  const passes = withCopy(folder, (copy) => runSuite(folder, copy));
  console.log(`${passes ? "passed  " : "failed  "}  ${folder} without a mutant`);
  if (!passes) process.exit(1);
}
const survived = [];
for (const mutant of chosen) {
  const passes = withCopy(mutant.package, (copy) => {
    applyMutant(copy, mutant);
    return runSuite(mutant.package, copy);
  });
  console.log(`${passes ? "SURVIVED" : "detected"}  ${mutant.name}`);
  if (passes) survived.push(mutant.name);
}
console.log(`${chosen.length - survived.length} of ${chosen.length} mutants detected`);
process.exitCode = survived.length === 0 ? 0 : 1;

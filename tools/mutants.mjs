// Puts each deliberate fault of mutant-list.mjs into a copy of its package, runs the conformance suite
// there, and lists the faults that the suite misses: node tools/mutants.mjs [parts of names]
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { faults } from "./mutant-list.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const suites = {
  "packages/bus": "src/memory/memory-broker.test.ts",
  "packages/bus-nats": "src/conformance.live.test.ts",
};
/** A suite that hangs has detected the fault as well. */
const suiteTimeoutMs = 600_000;

function run(room, copy) {
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const args = ["run", suites[room], "--root", copy, "--bail=1", "--reporter=dot"];
  const { status } = spawnSync(process.execPath, [vitest, ...args], {
    cwd: copy,
    timeout: suiteTimeoutMs,
  });
  return status === 0 ? "passes" : "fails";
}

/** Runs `use` with a copy of a package. The copy is inside the original, where it resolves the same packages. */
function inCopy(room, use) {
  const copy = join(root, room, ".mutants");
  rmSync(copy, { recursive: true, force: true });
  try {
    for (const name of ["src", "test", "package.json"].filter((each) =>
      existsSync(join(root, room, each)),
    )) {
      const from = join(root, room, name);
      cpSync(from, join(copy, name), { recursive: true });
    }
    return use(copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function breakCopy(copy, { name, file, find, replace }) {
  const path = join(copy, file);
  const parts = readFileSync(path, "utf8").split(find);
  if (parts.length !== 2)
    throw new Error(`"${name}": expected once in ${file}, got ${parts.length - 1} times: ${find}`);
  writeFileSync(path, parts.join(replace));
}

const parts = process.argv.slice(2);
const chosen = faults.filter(
  ({ name }) => parts.length === 0 || parts.some((part) => name.includes(part)),
);
const rooms = new Set(chosen.map(({ room }) => room));
for (const room of rooms) {
  const outcome = inCopy(room, (copy) => run(room, copy));
  console.log(`${outcome}  ${room} as it is`);
  if (outcome === "fails") process.exit(1);
}
const missed = [];
for (const fault of chosen) {
  const outcome = inCopy(fault.room, (copy) => {
    breakCopy(copy, fault);
    return run(fault.room, copy);
  });
  console.log(`${outcome === "fails" ? "detected" : "MISSED  "}  ${fault.name}`);
  if (outcome === "passes") missed.push(fault.name);
}
console.log(`${chosen.length - missed.length} of ${chosen.length} faults detected`);
process.exitCode = missed.length === 0 ? 0 : 1;

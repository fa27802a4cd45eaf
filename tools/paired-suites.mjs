// Runs the live tests of all packages two at a time beside two busy processes:
// node tools/paired-suites.mjs. Fails when a suite fails. ROUNDS and SEED set the rounds and the order.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const rounds = Number(process.env.ROUNDS ?? 1);
const seed = Number(process.env.SEED ?? Date.now() % 100_000);

const suites = globSync("{apps,packages}/*/package.json", { cwd: root })
  .map((path) => JSON.parse(readFileSync(join(root, path), "utf8")))
  .filter(({ scripts = {} }) => scripts["test:live"] !== undefined)
  .map(({ name }) => name)
  .toSorted();

const busy = Array.from({ length: Math.max(2, availableParallelism()) }, () =>
  spawn(
    process.execPath,
    [
      "-e",
      "process.once('disconnect', process.exit); const spin = () => { const end = performance.now() + 50; while (performance.now() < end); setImmediate(spin); }; spin();",
    ],
    {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    },
  ),
);

let failures = 0;
try {
  for (let round = 1; round <= rounds; round += 1) {
    const order = shuffle(suites, seed + round);
    process.stdout.write(`round ${round} of ${rounds}, order by seed ${seed + round}\n`);
    await Promise.all([runAll(order), runAll(order)]);
  }
} finally {
  for (const child of busy) child.kill("SIGKILL");
}
process.stdout.write(failures === 0 ? "every suite passed\n" : `${failures} suites failed\n`);
process.exitCode = failures === 0 ? 0 : 1;

/** Runs the suites that are left, one after the other. */
async function runAll(left) {
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    const began = performance.now();
    const child = spawn("pnpm", ["--filter", name, "run", "test:live"], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output = (output + text).slice(-64 * 1024);
      });
    }
    const [status, signal] = await once(child, "close");
    const seconds = Math.round((performance.now() - began) / 1000);
    if (status === 0) {
      process.stdout.write(`  passed ${name} (${seconds} s)\n`);
      continue;
    }
    failures += 1;
    process.stdout.write(
      `  FAILED ${name} (${signal ?? `status ${status}`}, ${seconds} s)\n${output}\n`,
    );
  }
}

/** Returns the items in an order that the seed determines. */
function shuffle(items, start) {
  let state = start >>> 0;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return items
    .map((item) => ({ item, place: random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

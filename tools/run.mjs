// Runs a command of the repository on a machine that has Node 20 or newer, npm and git, and makes
// the checkout ready for it first: node tools/run.mjs <demo|start|fanfare|bench|mutants|test> [arguments].
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { passOn } from "./pass-on.mjs";
import { preflight } from "./preflight.mjs";
import { Problem } from "./problem.mjs";
import { createReport } from "./report.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cli = join(root, "apps", "cli", "src", "main.ts");
const bench = join(root, "bench", "src", "main.ts");

const mutants = join(root, "tools", "mutants.mjs");

const commands = {
  demo: (ready, args) => fanfare(ready, ["demo", ...args]),
  start: (ready, args) => fanfare(ready, ["up", ...args]),
  pack: (ready, args) => fanfare(ready, ["pack", ...args]),
  fanfare,
  bench: (ready, args) => passOn(ready.node, [bench, ...args], { env: ready.env }),
  async mutants(ready, args) {
    const status = await fanfare(ready, ["prepare"]);
    return status === 0 ? await passOn(ready.node, [mutants, ...args], { env: ready.env }) : status;
  },
  "test:compose": (ready, args) =>
    passOn(ready.pnpm, ["--filter", "@fanfare/e2e", "run", "test:compose", ...args], {
      cwd: root,
      env: ready.env,
    }),
  async test(ready, args) {
    const status = await fanfare(ready, ["prepare"]);
    if (status !== 0) return status;
    const tasks = ["build", "test", "test:live", ...checks()];
    const options = { cwd: root, env: ready.env };
    return await passOn(ready.pnpm, ["exec", "turbo", "run", ...tasks, ...args], options);
  },
};

async function fanfare({ node, env }, args) {
  return await passOn(node, [cli, ...args], { env });
}

/** The checks are the root's own scripts, which turbo.json names one by one. */
function checks() {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return Object.keys(scripts).filter((script) => script.startsWith("check:"));
}

try {
  const [name = "", ...args] = process.argv.slice(2);
  if (!Object.hasOwn(commands, name)) {
    const names = Object.keys(commands).join(", ");
    throw new Problem(`There is no command "${name}": it is one of ${names}`);
  }
  const ready = await preflight({
    root,
    report: createReport({ quiet: name === "fanfare" || name === "bench" }),
  });
  process.exitCode = await commands[name](ready, args);
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

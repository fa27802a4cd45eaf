// Prepares the checkout and runs a command of the repository: node tools/run.mjs <command> [arguments].
// Needs Node 20 or newer, npm and git.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkDocker } from "./check-docker.mjs";
import { sbomArguments } from "./list-components.mjs";
import { planLongTest } from "./long-tests.mjs";
import { preflight } from "./preflight.mjs";
import { createReport } from "./report.mjs";
import { runInForeground } from "./run-in-foreground.mjs";
import { UserError } from "./user-error.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cli = join(root, "apps", "cli", "src", "main.ts");
const bench = join(root, "bench", "src", "main.ts");

const mutants = join(root, "tools", "mutants.mjs");

const commands = {
  demo: (ready, args) => fanfare(ready, ["demo", ...args]),
  start: (ready, args) => fanfare(ready, ["up", ...args]),
  pack: (ready, args) => fanfare(ready, ["pack", ...args]),
  fanfare,
  bench: (ready, args) => runInForeground(ready.node, [bench, ...args], { env: ready.env }),
  async mutants(ready, args) {
    const status = await fanfare(ready, ["prepare"]);
    return status === 0
      ? await runInForeground(ready.node, [mutants, ...args], { env: ready.env })
      : status;
  },
  async "test:compose"(ready, args) {
    await checkDocker();
    const command = ["--filter", "@fanfare/e2e", "run", "test:compose", ...args];
    return await runInForeground(ready.pnpm, command, { cwd: root, env: ready.env });
  },
  sbom: (ready, args) =>
    runInForeground(ready.pnpm, [...sbomArguments, ...args], { cwd: root, env: ready.env }),
  async "test:long"(ready, args) {
    const { filter, script, env, args: rest } = planLongTest(args);
    const status = await fanfare(ready, ["prepare"]);
    if (status !== 0) return status;
    const options = { cwd: root, env: { ...ready.env, ...env } };
    if (script !== undefined) return await runInForeground(ready.node, [script, ...rest], options);
    const command = ["--filter", filter, "exec", "vitest", ...rest];
    return await runInForeground(ready.pnpm, command, options);
  },
  async test(ready, args) {
    const status = await fanfare(ready, ["prepare", "--tests"]);
    if (status !== 0) return status;
    const tasks = ["build", "test", "test:live", ...listChecks()];
    const options = { cwd: root, env: ready.env };
    return await runInForeground(ready.pnpm, ["exec", "turbo", "run", ...tasks, ...args], options);
  },
};

async function fanfare({ node, env }, args) {
  return await runInForeground(node, [cli, ...args], { env });
}

/** Returns the check:* scripts of the root's package.json. */
function listChecks() {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return Object.keys(scripts).filter((script) => script.startsWith("check:"));
}

try {
  const [name = "", ...args] = process.argv.slice(2);
  if (!Object.hasOwn(commands, name)) {
    const names = Object.keys(commands).join(", ");
    throw new UserError(`expected a command, got "${name}": choose one of ${names}`);
  }
  const ready = await preflight({
    root,
    report: createReport({ quiet: ["fanfare", "bench", "sbom"].includes(name) }),
  });
  process.exitCode = await commands[name](ready, args);
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mapReactors } from "@fanfare/topology";
import { CliError, formatError } from "../cli-error.ts";
import { followLogs } from "../stack/follow-logs.ts";
import { reportProgress } from "../stack/prepare.ts";
import { printLog } from "../stack/print-log.ts";
import { type Stack, startStack } from "../stack/stack.ts";
import { createStateFolder } from "../stack/state-folder.ts";
import { createTerminal, type Terminal } from "../terminal.ts";
import { type Demo, type DemoStack, runDemo } from "./demo.ts";
import { findDemoStack } from "./find-demo-stack.ts";

/** The options of the demo command. */
export interface DemoOptions {
  /** Uses the running stack instead of a temporary one. */
  readonly running?: boolean;
  readonly json?: boolean;
  readonly verbose?: boolean;
  /** Encrypts every connection of the temporary stack. */
  readonly tls?: boolean;
}

/**
 * Runs the demo on a temporary stack, or on the running one. Rejects with each difference from the
 * stories and the folder of the logs.
 */
export async function demoCommand(options: DemoOptions, signal: AbortSignal): Promise<void> {
  const terminal = createTerminal(options.json ? process.stderr : process.stdout);
  if (options.running) {
    const demo = await runDemo(await findDemoStack(), { terminal, signal });
    return reportDemo(demo, { terminal, json: options.json, logs: "" });
  }
  const logFolder = await createLogFolder();
  using shown = new DisposableStack();
  if (options.verbose) shown.use(followLogs(logFolder, printLog));
  let demo: Demo;
  try {
    demo = await runOnOwnStack(logFolder, { tls: options.tls, terminal, signal });
  } catch (error) {
    signal.throwIfAborted();
    throw new CliError(`${formatError(error)}\nLogs: ${logFolder}`, { cause: error });
  }
  reportDemo(demo, { terminal, json: options.json, logs: `Logs: ${logFolder}` });
}

interface ReportOptions {
  readonly terminal: Terminal;
  readonly json: boolean | undefined;
  /** A sentence with the folder of the logs; empty for the running stack. */
  readonly logs: string;
}

function reportDemo({ trips, problems }: Demo, { terminal, json, logs }: ReportOptions): void {
  const seconds = Number((performance.now() / 1000).toFixed(1));
  const ok = problems.length === 0;
  if (json) createTerminal().line(JSON.stringify({ ok, seconds, trips }));
  if (!ok) throw new CliError([...problems, logs].join("\n").trimEnd());
  terminal.line();
  terminal.line(
    terminal.colour("green", `Every trip ended as expected, in ${seconds} s. ${logs}`.trimEnd()),
  );
}

function toDemoStack({ system, nats, keys, tls }: Stack): DemoStack {
  const urls = {
    trips: system.app("trips").url,
    riders: system.app("riders").url,
    ...mapReactors(({ name }) => system.app(name).url),
  };
  const billing = system.app("billing");
  const stopBilling = async () => {
    await billing.kill("SIGTERM");
    return () => billing.start();
  };
  return { urls, nats, keys, tls, stopBilling };
}

async function runOnOwnStack(
  logFolder: string,
  options: { tls: boolean | undefined; terminal: Terminal; signal: AbortSignal },
): Promise<Demo> {
  const { tls, terminal, signal } = options;
  const secretsFolder = await mkdtemp(join(tmpdir(), "fanfare-secrets-"));
  try {
    await using stack = await startStack({
      logFolder,
      secretsFolder,
      tls,
      progress: reportProgress,
      signal,
    });
    const over = new AbortController();
    const demo = runDemo(toDemoStack(stack), {
      terminal,
      signal: AbortSignal.any([signal, over.signal]),
    });
    const death = stack.died.then((how) => {
      throw new CliError(how);
    });
    return await Promise.race([demo, death]).finally(() => over.abort());
  } finally {
    await rm(secretsFolder, { recursive: true, force: true });
  }
}

/** Creates a folder for the logs of this demo, and keeps those of the last four. */
async function createLogFolder(): Promise<string> {
  const logs = join(createStateFolder(), "logs");
  const time = new Date().toISOString().replaceAll(/[:.]/g, "-");
  await mkdir(logs, { recursive: true });
  const earlier = (await readdir(logs)).filter((name) => name.startsWith("demo-")).toSorted();
  for (const name of earlier.slice(0, -4)) {
    await rm(join(logs, name), { recursive: true, force: true });
  }
  return await mkdtemp(join(logs, `demo-${time}-`));
}

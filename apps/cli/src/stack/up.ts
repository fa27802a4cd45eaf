import { rm } from "node:fs/promises";
import { join } from "node:path";
import { mintToken, withLock } from "@fanfare/dev-stack";
import type { TlsFiles } from "@fanfare/service";
import { redactUrls } from "@fanfare/service";
import { appNames, mapReactors } from "@fanfare/topology";
import { CliError } from "../cli-error.ts";
import { addSandboxMethod } from "../riders/sandbox-methods.ts";
import { alignRows, createTerminal, type Terminal } from "../terminal.ts";
import { awaitPredecessor } from "./await-predecessor.ts";
import { followLogs } from "./follow-logs.ts";
import { checkPortsFree, choosePorts, type Ports } from "./ports.ts";
import { reportProgress } from "./prepare.ts";
import { printLog } from "./print-log.ts";
import { getSecretsFolder, type RunningStack, writeStack } from "./running-stack.ts";
import { type Stack, startStack } from "./stack.ts";
import { createStateFolder, getStateFolder } from "./state-folder.ts";
import { checkStateFormat, resetState } from "./state-format.ts";

/** The options of the up command. */
export interface UpOptions {
  /** Changes of the default ports, each as name=port. */
  readonly port: readonly string[];
  /** Removes the kept data before the start. */
  readonly reset?: boolean;
  readonly verbose?: boolean;
  /** Encrypts every connection. */
  readonly tls?: boolean;
}

/**
 * Starts a stack whose data is kept in the checkout, prints its addresses, and runs it until a signal.
 * Rejects when the kept data has another format, when a part cannot start, and when one exits.
 */
export async function up(options: UpOptions, signal: AbortSignal): Promise<void> {
  const ports = choosePorts(options.port);
  const needed = selectNeededPorts(ports);
  const lockFile = join(createStateFolder(), "up.lock");
  await awaitPredecessor({
    ports: Object.values(needed),
    lockFile,
    postgresPidFile: join(getStateFolder(), "data", "postgres", "cluster", "postmaster.pid"),
    report: reportProgress,
    signal,
  });
  await checkPortsFree(needed);
  await withLock(lockFile, () => runStack(ports, options, signal), {
    timeoutMs: 20_000,
    what: `an earlier stack of this checkout to start or stop (${lockFile})`,
    signal,
  });
}

async function runStack(ports: Ports, options: UpOptions, signal: AbortSignal): Promise<void> {
  const terminal = createTerminal();
  const data = join(getStateFolder(), "data");
  if (options.reset) await resetData(data, terminal);
  await checkStateFormat(data);
  const logFolder = join(getStateFolder(), "logs", "up");
  await rm(logFolder, { recursive: true, force: true });
  using shown = new DisposableStack();
  if (options.verbose) shown.use(followLogs(logFolder, printLog));
  await using stack = await startStack({
    logFolder,
    secretsFolder: getSecretsFolder(),
    data,
    tls: options.tls,
    ports: { servers: ports, apps: ports },
    progress: reportProgress,
    signal,
  });
  const addresses = collectAddresses(stack);
  const removeStack = await writeStack({
    pid: process.pid,
    addresses,
    environments: collectEnvironments(stack),
    tls: stack.tls,
  });
  try {
    await printWelcome(stack, addresses, { terminal, logFolder });
    const { promise: stopped, resolve: stop } = Promise.withResolvers<undefined>();
    signal.addEventListener("abort", () => stop(undefined), { once: true });
    if (signal.aborted) stop(undefined);
    const death = await Promise.race([stopped, stack.died]);
    if (death !== undefined) throw new CliError(`${death}\nLogs: ${logFolder}`);
  } finally {
    await removeStack();
  }
}

async function resetData(data: string, terminal: Terminal): Promise<void> {
  const removed = await resetState(data, (path) => terminal.line(`Removing ${path}`));
  if (removed.length === 0) terminal.line(`There is no data in ${data}.`);
}

/** Returns the ports that this process uses: a server named in the environment needs none. */
function selectNeededPorts(ports: Ports): Partial<Ports> {
  const { temporal, temporalUi, codec, nats, postgres, ...apps } = ports;
  return {
    ...apps,
    ...(process.env.TEMPORAL_ADDRESS ? {} : { temporal, temporalUi, codec }),
    ...(process.env.NATS_URL ? {} : { nats }),
    ...(process.env.POSTGRES_ADMIN_URL ? {} : { postgres }),
  };
}

function collectAddresses({ servers, system }: Stack): Record<string, string> {
  const { temporal, nats, postgres } = servers;
  return {
    trips: system.app("trips").url,
    registry: system.registryUrl,
    fleet: system.app("fleet").url,
    billing: system.app("billing").url,
    riders: system.app("riders").url,
    worker: system.app("worker").healthUrl,
    ...mapReactors(({ name }) => system.app(name).url),
    Temporal: temporal.address,
    ...(temporal.uiUrl === undefined ? {} : { "Temporal UI": temporal.uiUrl }),
    NATS: nats.url,
    PostgreSQL: redactUrls(postgres.adminUrl),
  };
}

function collectEnvironments({ system }: Stack): RunningStack["environments"] {
  return Object.fromEntries(appNames.map((name) => [name, system.app(name).env]));
}

async function printWelcome(
  { keys, system, tls }: Stack,
  addresses: Readonly<Record<string, string>>,
  { terminal, logFolder }: { terminal: Terminal; logFolder: string },
): Promise<void> {
  const token = await mintToken(keys, { role: "rider", subject: "alice", expiresIn: "12h" });
  const rows = Object.entries(addresses).map(([name, address]) => [
    `  ${terminal.colour("bold", name)}`,
    address,
  ]);
  terminal.line();
  for (const line of alignRows([...rows, [`  ${terminal.colour("bold", "logs")}`, logFolder]])) {
    terminal.line(line);
  }
  terminal.line();
  terminal.line("Start a trip as the rider alice:");
  terminal.line();
  const riders = { url: system.app("riders").url, token, tls };
  const paymentMethod = await addSandboxMethod(riders, "pm_card_visa");
  terminal.line(formatCurl(system.app("trips").url, { token, tls, paymentMethod }));
  terminal.line();
  terminal.line(
    "Then list it with npm run fanfare -- trip list. All commands: npm run fanfare -- --help",
  );
  terminal.line("Ctrl-C stops everything and keeps the data.");
}

/** Formats a shell command that starts a trip. Repeated, it returns the same trip. */
function formatCurl(
  url: string,
  {
    token,
    tls,
    paymentMethod,
  }: { token: string; tls: TlsFiles | undefined; paymentMethod: string },
): string {
  const trip = {
    tripId: crypto.randomUUID(),
    vehicleId: "vehicle-1",
    paymentMethod,
  };
  return [
    `curl -sS ${tls?.caFile === undefined ? "" : `--cacert ${tls.caFile} `}${url}/trips.v1.TripsService/StartTrip`,
    "-H 'content-type: application/json'",
    `-H 'authorization: Bearer ${token}'`,
    `-d '${JSON.stringify(trip)}'`,
  ].join(" ");
}

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { mintToken, withLock } from "@fanfare/dev-stack";
import { appNames, mapReactors } from "@fanfare/topology";
import { CliError } from "./cli-error.ts";
import { followLogs } from "./follow-logs.ts";
import { checkPortsFree, choosePorts, type Ports } from "./ports.ts";
import { reportProgress } from "./prepare.ts";
import { printLog } from "./print-log.ts";
import { getKeysFolder, type RunningStack, writeStack } from "./running-stack.ts";
import { type Stack, startStack } from "./stack.ts";
import { getStateFolder } from "./state-folder.ts";
import { alignRows, createTerminal, type Terminal } from "./terminal.ts";

export interface UpOptions {
  /** Ports other than the usual ones, each as name=port. */
  readonly port: readonly string[];
  readonly verbose?: boolean;
}

/**
 * up keeps everything running until a signal, its data in the checkout, and tells where everything
 * is. Rejects when something cannot be started or dies.
 */
export async function up(options: UpOptions, signal: AbortSignal): Promise<void> {
  const ports = choosePorts(options.port);
  await checkPortsFree(selectNeededPorts(ports));
  await withLock(join(getStateFolder(), "up.lock"), () => runStack(ports, options, signal), {
    timeoutMs: 0,
    what: `the stack of this checkout, which is running already (${getStateFolder()})`,
  });
}

async function runStack(ports: Ports, options: UpOptions, signal: AbortSignal): Promise<void> {
  const terminal = createTerminal();
  const logFolder = join(getStateFolder(), "logs", "up");
  await rm(logFolder, { recursive: true, force: true });
  using shown = new DisposableStack();
  if (options.verbose) shown.use(followLogs(logFolder, printLog));
  await using stack = await startStack({
    logFolder,
    keysFolder: getKeysFolder(),
    data: join(getStateFolder(), "data"),
    ports: { servers: ports, apps: ports },
    progress: reportProgress,
    signal,
  });
  const addresses = collectAddresses(stack);
  const removeStack = await writeStack({
    pid: process.pid,
    addresses,
    environments: collectEnvironments(stack),
  });
  try {
    await printWelcome(stack, addresses, { terminal, logFolder });
    const { promise: stopped, resolve: stop } = Promise.withResolvers<undefined>();
    signal.addEventListener("abort", () => stop(undefined), { once: true });
    if (signal.aborted) stop(undefined);
    const death = await Promise.race([stopped, stack.died]);
    if (death !== undefined) throw new CliError(`${death}\nThe logs are in ${logFolder}`);
  } finally {
    await removeStack();
  }
}

function selectNeededPorts(ports: Ports): Partial<Ports> {
  const { temporal, temporalUi, nats, postgres, ...apps } = ports;
  return {
    ...apps,
    ...(process.env.TEMPORAL_ADDRESS ? {} : { temporal, temporalUi }),
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
    worker: system.app("worker").url,
    ...mapReactors(({ name }) => system.app(name).url),
    Temporal: temporal.address,
    ...(temporal.uiUrl === undefined ? {} : { "Temporal's page": temporal.uiUrl }),
    NATS: nats.url,
    PostgreSQL: postgres.adminUrl,
  };
}

function collectEnvironments({ system }: Stack): RunningStack["environments"] {
  return Object.fromEntries(appNames.map((name) => [name, system.app(name).env]));
}

async function printWelcome(
  { keys, system }: Stack,
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
  terminal.line("Start a trip, as the rider alice:");
  terminal.line();
  terminal.line(formatCurl(system.app("trips").url, token));
  terminal.line();
  terminal.line(
    'Then: npm run fanfare -- trip list, and so on; "npm run fanfare -- trip" tells all.',
  );
  terminal.line("Ctrl-C stops everything; the data stays.");
}

/** curlLine is a line for a shell that starts a trip; pasted again, it gives the same trip. */
function formatCurl(url: string, token: string): string {
  const trip = {
    tripId: crypto.randomUUID(),
    vehicleId: "vehicle-1",
    paymentMethod: "pm_card_visa",
  };
  return [
    `curl -sS ${url}/trips.v1.TripsService/StartTrip`,
    "-H 'content-type: application/json'",
    `-H 'authorization: Bearer ${token}'`,
    `-d '${JSON.stringify(trip)}'`,
  ].join(" ");
}

import { BusError } from "@fanfare/bus";
import { openLink } from "./link.ts";
import type { NatsOptions } from "./settings.ts";

/** Durability says whether the server keeps what it has acknowledged through a power failure. */
export interface Durability {
  readonly state: "safe" | "at-risk" | "unknown";
  /** For people: why, and the line of configuration that mends it. */
  readonly message: string;
}

export interface DurabilityOptions {
  /** The address of the server's monitoring, such as `http://127.0.0.1:8222`. */
  readonly monitoringUrl?: string | undefined;
  /** How to connect as a user of the system account. */
  readonly system?: NatsOptions | undefined;
  /** Default: 5,000. */
  readonly timeoutMs?: number;
}

interface JetStreamState {
  readonly config?: { readonly sync_interval?: number; readonly sync_always?: boolean };
}

/**
 * checkDurability asks a server when it syncs to disk, over its monitoring or its system account: no
 * other user is told. Without either, or without an answer, it is "unknown".
 */
export async function checkDurability(options: DurabilityOptions): Promise<Durability> {
  const { monitoringUrl, system, timeoutMs = 5_000 } = options;
  if (monitoringUrl === undefined && system === undefined) {
    return unknown("only the server's monitoring or its system account could tell");
  }
  try {
    return judge(
      monitoringUrl === undefined
        ? await askSystem(system ?? { servers: "" }, timeoutMs)
        : await askMonitoring(monitoringUrl, timeoutMs),
    );
  } catch (reason) {
    return unknown(BusError.from(reason).message);
  }
}

async function askMonitoring(url: string, timeoutMs: number): Promise<JetStreamState> {
  const address = new URL("/jsz?config=true", url);
  const answer = await fetch(address, { signal: AbortSignal.timeout(timeoutMs) });
  if (!answer.ok) throw new Error(`${address.href} answers ${answer.status}`);
  return stateOf(await answer.json());
}

async function askSystem(options: NatsOptions, timeoutMs: number): Promise<JetStreamState> {
  const link = openLink(options);
  try {
    const connection = await link.connected({ deadlineAt: Date.now() + timeoutMs });
    const question = JSON.stringify({ config: true });
    const timeout = { timeout: timeoutMs };
    const answer = await connection.request("$SYS.REQ.SERVER.PING.JSZ", question, timeout);
    return stateOf(answer.json<{ readonly data?: unknown }>().data);
  } finally {
    await link.close({ deadlineAt: Date.now() + 1_000 });
  }
}

function stateOf(answer: unknown): JetStreamState {
  return typeof answer === "object" && answer !== null ? answer : {};
}

function judge({ config }: JetStreamState): Durability {
  if (config?.sync_always === true) {
    return { state: "safe", message: "the server syncs each event before it acknowledges it" };
  }
  if (config?.sync_interval === undefined) return unknown("the server does not say when it syncs");
  const message = `the server syncs every ${config.sync_interval / 1e9} s: a power failure loses what it acknowledged since. Set jetstream { sync_interval: always }, or replicate over machines that do not fail together`;
  return { state: "at-risk", message };
}

function unknown(why: string): Durability {
  return { state: "unknown", message: `whether a power failure loses events is unknown: ${why}` };
}

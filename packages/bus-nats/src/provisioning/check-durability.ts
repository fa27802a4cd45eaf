import { BusError } from "@fanfare/bus";
import { parseServers, type UrlCredentials } from "../connection/parse-servers.ts";
import { withConnection } from "../connection/with-connection.ts";
import type { NatsBrokerOptions } from "../nats-options.ts";

/** Whether a server keeps acknowledged events through a power failure. */
export interface Durability {
  /** "unknown" when the server could not be asked. */
  readonly state: "safe" | "at-risk" | "unknown";
  /** The reason, and the configuration that makes the server safe. For people. */
  readonly message: string;
}

/** How to ask the server. */
export interface DurabilityOptions {
  /** The address of the server's monitoring, such as `http://127.0.0.1:8222`. */
  readonly monitoringUrl?: string | undefined;
  /** How to connect as a user of the system account. Ignored when `monitoringUrl` is given. */
  readonly system?: NatsBrokerOptions | undefined;
  /** In milliseconds. Default: 5,000. */
  readonly timeoutMs?: number;
}

/** What this module reads of the server's JetStream information. */
interface JetStreamInfo {
  readonly config?: { readonly sync_interval?: number; readonly sync_always?: boolean };
}

/**
 * Reads when a server syncs its storage to disk, from its monitoring or as a user of its system
 * account; other users have no access. Resolves to "unknown" without either, or without an answer.
 *
 * @example
 * const { state, message } = await checkDurability({ monitoringUrl: "http://127.0.0.1:8222" });
 * if (state !== "safe") console.warn(message);
 */
export async function checkDurability(options: DurabilityOptions): Promise<Durability> {
  const { monitoringUrl, system, timeoutMs = 5_000 } = options;
  try {
    if (monitoringUrl !== undefined) return judge(await readMonitoring(monitoringUrl, timeoutMs));
    if (system !== undefined) return judge(await readAsSystem(system, timeoutMs));
    return createUnknown("give the address of its monitoring, or a user of its system account");
  } catch (reason) {
    return createUnknown(BusError.from(reason).message);
  }
}

async function readMonitoring(url: string, timeoutMs: number): Promise<JetStreamInfo> {
  const { addresses, credentials } = parseServers(url);
  const address = new URL("/jsz?config=true", addresses[0]);
  const response = await fetch(address, {
    signal: AbortSignal.timeout(timeoutMs),
    headers: createHeaders(credentials),
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`expected status 200 from ${address.href}, got ${response.status}`);
  }
  return parseInfo(await response.json());
}

async function readAsSystem(options: NatsBrokerOptions, timeoutMs: number): Promise<JetStreamInfo> {
  return await withConnection(options, timeoutMs, async (connection, deadline) => {
    const client = await connection.connected(deadline);
    const request = JSON.stringify({ config: true });
    const reply = await client.request("$SYS.REQ.SERVER.PING.JSZ", request, { timeout: timeoutMs });
    return parseInfo(reply.json<{ readonly data?: unknown }>().data);
  });
}

/** The server itself requires no login for its monitoring. A proxy before it may. */
function createHeaders(credentials: UrlCredentials | undefined): Record<string, string> {
  if (credentials === undefined) return {};
  if ("token" in credentials) return { authorization: `Bearer ${credentials.token}` };
  const text = Buffer.from(`${credentials.user}:${credentials.password}`).toString("base64");
  return { authorization: `Basic ${text}` };
}

function parseInfo(info: unknown): JetStreamInfo {
  return typeof info === "object" && info !== null ? info : {};
}

function judge({ config }: JetStreamInfo): Durability {
  if (config?.sync_always === true) {
    return { state: "safe", message: "the server syncs each event before it acknowledges it" };
  }
  if (config?.sync_interval === undefined) {
    return createUnknown("the server does not report its sync interval");
  }
  const message = `the server syncs every ${config.sync_interval / 1e9} s: a power failure loses events that it acknowledged since. Set jetstream { sync_interval: always }, or replicate over machines that do not fail together`;
  return { state: "at-risk", message };
}

function createUnknown(reason: string): Durability {
  return {
    state: "unknown",
    message: `whether a power failure loses events is unknown: ${reason}`,
  };
}

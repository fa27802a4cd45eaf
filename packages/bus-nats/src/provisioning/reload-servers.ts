import { BusError } from "@fanfare/bus";
import type { NatsConnection } from "@nats-io/nats-core";
import { toBusError } from "../connection/to-bus-error.ts";
import { withConnection } from "../connection/with-connection.ts";
import type { NatsBrokerOptions } from "../nats-options.ts";

/** How long to wait for the answer of a further server of the cluster, in milliseconds. */
const stallMs = 500;

interface ServerReply {
  readonly server?: { readonly id?: string; readonly name?: string };
  readonly error?: { readonly description?: string };
}

/**
 * Makes every server of a cluster read its configuration again, over a connection as a user of the system
 * account, and resolves to the names of the servers. A user who is removed is disconnected; all other
 * connections stay. Rejects when a server refuses its configuration, which it then does not apply.
 *
 * @example
 * const names = await reloadServers({ servers, nkeyFile: "system.nk" });
 * console.log(names); // ["n1", "n2", "n3"]
 */
export async function reloadServers(
  system: NatsBrokerOptions,
  { timeoutMs = 10_000 }: { readonly timeoutMs?: number } = {},
): Promise<readonly string[]> {
  return await withConnection(system, timeoutMs, async (connection, deadline) => {
    const client = await connection.connected(deadline);
    try {
      const found = await listServers(client, timeoutMs);
      const names: string[] = [];
      // The server of this connection comes last: it may end the connection.
      const own = client.info?.server_id;
      for (const [id, name] of sortLast(found, own)) {
        await reload(client, id, timeoutMs);
        names.push(name);
      }
      return names.toSorted();
    } catch (reason) {
      throw toBusError(reason, "cannot reload the configuration of NATS");
    }
  });
}

function sortLast(
  found: readonly (readonly [string, string])[],
  own: string | undefined,
): readonly (readonly [string, string])[] {
  return [...found.filter(([id]) => id !== own), ...found.filter(([id]) => id === own)];
}

async function listServers(client: NatsConnection, maxWait: number): Promise<[string, string][]> {
  const replies = await client.requestMany("$SYS.REQ.SERVER.PING", "", {
    strategy: "stall",
    stall: stallMs,
    maxWait,
  });
  const servers: [string, string][] = [];
  for await (const reply of replies) {
    const { server } = reply.json<ServerReply>();
    if (server?.id !== undefined) servers.push([server.id, server.name ?? server.id]);
  }
  return servers;
}

async function reload(client: NatsConnection, id: string, timeout: number): Promise<void> {
  const reply = await client.request(`$SYS.REQ.SERVER.${id}.RELOAD`, "", { timeout });
  const { error, server } = reply.json<ServerReply>();
  if (error === undefined) return;
  const message = `server ${server?.name ?? id} refuses its configuration: ${error.description}`;
  throw new BusError("invalid_argument", message);
}

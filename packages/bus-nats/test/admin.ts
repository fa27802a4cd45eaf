import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NodeConnectionOptions } from "@nats-io/transport-node";

/** Opens JetStream's management API over a connection of its own. */
export async function openAdmin(
  servers: string,
  login: NodeConnectionOptions = {},
): Promise<JetStreamManager & AsyncDisposable> {
  const connection = await connect({ servers, ...login });
  const api = await jetstreamManager(connection);
  return Object.assign(api, { [Symbol.asyncDispose]: () => connection.close() });
}

import type { NatsConnection } from "@nats-io/nats-core";
import { NatsConnectionImpl, setTransportFactory } from "@nats-io/nats-core/internal";
import type { NodeConnectionOptions } from "@nats-io/transport-node";
import { NodeTransport, nodeResolveHost } from "@nats-io/transport-node/lib/node_transport.js";

/** A transport that also closes a connection which never succeeded. nats.js leaves its socket open. */
class ClosingTransport extends NodeTransport {
  override async close(reason?: Error): Promise<void> {
    await super.close(reason);
    if (!this.connected) this.socket?.destroy();
  }
}

/** Connects as `connect` of nats.js does, and leaves no socket open when a server does not answer. */
export function dialServer(options: NodeConnectionOptions = {}): Promise<NatsConnection> {
  setTransportFactory({ factory: createTransport, dnsResolveFn: nodeResolveHost });
  return NatsConnectionImpl.connect(options);
}

function createTransport(): ClosingTransport {
  return new ClosingTransport();
}

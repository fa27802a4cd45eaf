import * as http from "node:http";
import * as http2 from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { createConnections } from "./connections.ts";
import { detectProtocol } from "./detect-protocol.ts";

/** A request over HTTP/1.1 or HTTP/2. */
export type NodeRequest = http.IncomingMessage | http2.Http2ServerRequest;

/** The response to a `NodeRequest`. */
export type NodeResponse = http.ServerResponse | http2.Http2ServerResponse;

/** Answers requests over HTTP/1.1 and HTTP/2. */
export type NodeHandler = (request: NodeRequest, response: NodeResponse) => void;

/** The address of a listener. */
export interface ListenOptions {
  readonly host: string;
  /** 0 chooses a free port. */
  readonly port: number;
}

/** A listening port. */
export interface Listener {
  readonly port: number;
  /**
   * Accepts no more connections, closes at once those without a request in flight, and resolves when
   * the others are closed after their last response.
   */
  close(): Promise<void>;
  /** Closes all connections at once. */
  destroy(): void;
}

const maxStreamsPerConnection = 256;

/** Serves HTTP/1.1 and HTTP/2 without TLS on one port. */
export async function listen(
  handler: NodeHandler,
  { host, port }: ListenOptions,
): Promise<Listener> {
  const server = http.createServer({ keepAlive: true, keepAliveTimeout: 60_000 }, handler);
  const server2 = http2.createServer(
    { settings: { maxConcurrentStreams: maxStreamsPerConnection } },
    handler,
  );
  const connections = createConnections();
  server.prependListener("request", (request, response) =>
    connections.addRequest(request, response),
  );
  // The HTTP/1.1 server listens, because its timeouts depend on that. The first bytes of a connection
  // decide which of the two servers receives it.
  const serveHttp1 = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    connections.add(socket);
    detectProtocol(socket, (isHttp2) => {
      if (isHttp2) {
        // HTTP/1.1 answers half-closed clients; a session of HTTP/2 ends with its client.
        socket.allowHalfOpen = false;
        server2.once("session", (session) => connections.addSession(socket, session));
        server2.emit("connection", socket);
      } else {
        for (const serve of serveHttp1) serve.call(server, socket);
      }
    });
  });

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });

  return {
    port: readPort(server.address()),
    async close() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      connections.close();
      await closed;
    },
    destroy: () => connections.destroy(),
  };
}

function readPort(address: AddressInfo | string | null): number {
  if (address !== null && typeof address === "object") return address.port;
  throw new Error("expected the server to listen on a TCP port");
}

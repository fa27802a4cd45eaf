import * as http from "node:http";
import * as http2 from "node:http2";
import type { AddressInfo, Server, Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { createAdmission } from "../limits/admission.ts";
import type { ConnectionLimits } from "../limits/connection-limits.ts";
import { defaultConnectionLimits } from "../limits/connection-limits.ts";
import { createConnections } from "./connections.ts";
import { detectProtocol } from "./detect-protocol.ts";
import type { ServerTls } from "./server-tls.ts";
import { createTlsServer, trackHandshakes } from "./server-tls.ts";

/** A request over HTTP/1.1 or HTTP/2. */
export type NodeRequest = http.IncomingMessage | http2.Http2ServerRequest;

/** The response to a `NodeRequest`. */
export type NodeResponse = http.ServerResponse | http2.Http2ServerResponse;

/** Answers requests over HTTP/1.1 and HTTP/2. */
export type NodeHandler = (request: NodeRequest, response: NodeResponse) => void;

/** The address of a listener, and its certificate. */
export interface ListenOptions {
  readonly host: string;
  /** 0 chooses a free port. */
  readonly port: number;
  /** Default: no TLS. */
  readonly tls?: ServerTls | undefined;
  /** Default: `defaultConnectionLimits`. */
  readonly limits?: Partial<ConnectionLimits> | undefined;
  /** Returns whether an address may have any number of connections. Default: none may. */
  readonly isTrusted?: (address: string) => boolean;
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

// For HTTP/2, Node.js and nghttp2 limit resets, CONTINUATION, settings, invalid frames and the memory of a
// session by themselves.
const http2Options: http2.ServerOptions = {
  settings: { maxConcurrentStreams: 256, maxHeaderListSize: 16 * 1024 },
  maxHeaderListPairs: 100,
};
const http1Options: http.ServerOptions = {
  keepAlive: true,
  keepAliveInitialDelay: 20_000,
  keepAliveTimeout: 60_000,
  headersTimeout: 10_000,
  connectionsCheckingInterval: 5000,
  maxHeaderSize: 16 * 1024,
};
const maxHttp1Headers = 100;

/** Serves HTTP/1.1 and HTTP/2 on one port, with TLS where it is given. */
export async function listen(
  handler: NodeHandler,
  { host, port, tls, isTrusted, ...options }: ListenOptions,
): Promise<Listener> {
  const limits = { ...defaultConnectionLimits, ...options.limits };
  const connections = createConnections(limits, createAdmission(limits, isTrusted));
  const handleHttp1 = (request: http.IncomingMessage, response: http.ServerResponse) => {
    connections.addRequest(request, response);
    handler(request, response);
  };
  const secureServer = tls && createTlsServer(tls, http1Options, handleHttp1);
  const http1Server = secureServer ?? http.createServer(http1Options, handleHttp1);
  http1Server.maxHeadersCount = maxHttp1Headers;
  const server: Server = http1Server;
  const server2 = http2.createServer(http2Options, handler);
  // The HTTP/1.1 server listens, because its timeouts depend on that. The first bytes of a connection
  // decide which of the two servers receives it; with TLS, its handshake does.
  const connected = secureServer === undefined ? "connection" : "secureConnection";
  const serveHttp1 = server.listeners(connected);
  server.removeAllListeners(connected);
  const handshakes =
    secureServer && trackHandshakes(secureServer, createAdmission(limits, isTrusted));
  server.on(connected, (socket: Socket) => {
    if (!connections.add(socket)) return;
    chooseProtocol(socket, (isHttp2) => {
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

  const listening = new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  await listening.catch((error: unknown) => {
    connections.close();
    throw error;
  });

  return {
    port: readPort(server.address()),
    async close() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      connections.close();
      handshakes?.destroy();
      await closed;
    },
    destroy() {
      connections.destroy();
      handshakes?.destroy();
    },
  };
}

function chooseProtocol(socket: Socket, decide: (isHttp2: boolean) => void): void {
  if (socket instanceof TLSSocket) decide(socket.alpnProtocol === "h2");
  else detectProtocol(socket, decide);
}

function readPort(address: AddressInfo | string | null): number {
  if (address !== null && typeof address === "object") return address.port;
  throw new Error("expected the server to listen on a TCP port");
}

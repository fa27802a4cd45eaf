import * as http from "node:http";
import * as http2 from "node:http2";
import type { AddressInfo, Socket } from "node:net";

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
  /** Accepts no more connections, and resolves once all requests are answered. */
  close(): Promise<void>;
  /** Closes all connections at once. */
  destroy(): void;
}

const maxStreamsPerConnection = 256;
const firstBytesTimeoutMs = 30_000;
const closeIdleEveryMs = 50;

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
  const sockets = new Set<Socket>();
  const sessions = new Set<http2.ServerHttp2Session>();
  server2.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  // The HTTP/1.1 server listens, because its timeouts depend on that. The first bytes of a connection
  // decide which of the two servers receives it.
  const serveHttp1 = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    detectProtocol(socket, (isHttp2) => {
      if (isHttp2) {
        // HTTP/1.1 answers half-closed clients; a session of HTTP/2 ends with its client.
        socket.allowHalfOpen = false;
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
      for (const session of sessions) session.close();
      // Connections of HTTP/1.1 that are busy now become idle after their response.
      const closingIdle = setInterval(() => server.closeIdleConnections(), closeIdleEveryMs);
      await closed;
      clearInterval(closingIdle);
    },
    destroy() {
      for (const session of sessions) session.destroy();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function readPort(address: AddressInfo | string | null): number {
  if (address !== null && typeof address === "object") return address.port;
  throw new Error("expected the server to listen on a TCP port");
}

// A client with prior knowledge of HTTP/2 sends "PRI * HTTP/2.0". HTTP/1.1 has no method PRI.
function detectProtocol(socket: Socket, decide: (isHttp2: boolean) => void): void {
  let head = Buffer.alloc(0);
  const abandon = () => socket.destroy();
  const timer = setTimeout(abandon, firstBytesTimeoutMs);
  socket.once("close", () => clearTimeout(timer));
  socket.once("error", abandon);
  socket.once("end", abandon);
  function readHead(): void {
    const chunk: unknown = socket.read();
    if (Buffer.isBuffer(chunk)) head = Buffer.concat([head, chunk]);
    const text = head.toString("latin1", 0, 3);
    if (text.length < 3 && "PRI".startsWith(text)) {
      socket.once("readable", readHead);
      return;
    }
    clearTimeout(timer);
    socket.off("error", abandon);
    socket.off("end", abandon);
    socket.unshift(head);
    decide(text === "PRI");
  }
  readHead();
}

import * as http from "node:http";
import * as http2 from "node:http2";
import type { AddressInfo, Socket } from "node:net";

/** NodeRequest is a request over HTTP/1.1 or HTTP/2. */
export type NodeRequest = http.IncomingMessage | http2.Http2ServerRequest;

/** NodeResponse answers a NodeRequest. */
export type NodeResponse = http.ServerResponse | http2.Http2ServerResponse;

/** NodeHandler answers requests. */
export type NodeHandler = (request: NodeRequest, response: NodeResponse) => void;

/** ListenOptions say where to listen. */
export interface ListenOptions {
  readonly host: string;
  /** 0 is any free one. */
  readonly port: number;
}

/** Listener listens on a port. */
export interface Listener {
  readonly port: number;
  /** close takes no more connections and resolves when all requests are answered. */
  close(): Promise<void>;
  /** destroy ends all connections at once, whatever is going on there. */
  destroy(): void;
}

const maxStreamsPerConnection = 256;
const firstBytesTimeoutMs = 30_000;
const closeIdleEveryMs = 50;

/** listen serves HTTP/1.1 and HTTP/2 without TLS on one port. */
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
  // The HTTP/1.1 server listens, so that its own timeouts work, but what to do with a new
  // connection is decided here.
  const serveHttp1 = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    whenKnown(socket, (isHttp2) => {
      if (isHttp2) {
        // HTTP/1.1 answers a client that has sent all; a session of HTTP/2 ends with its client.
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
    port: portOf(server.address()),
    async close() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      for (const session of sessions) session.close();
      // Connections of HTTP/1.1 that are busy now are kept alive after their answer.
      const idle = setInterval(() => server.closeIdleConnections(), closeIdleEveryMs);
      await closed;
      clearInterval(idle);
    },
    destroy() {
      for (const session of sessions) session.destroy();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address !== null && typeof address === "object") return address.port;
  throw new Error("not listening on a port");
}

// "PRI * HTTP/2.0" is how a client with prior knowledge begins; no method of HTTP/1.1 is called PRI.
function whenKnown(socket: Socket, decide: (isHttp2: boolean) => void): void {
  let head = Buffer.alloc(0);
  const giveUp = () => socket.destroy();
  const timer = setTimeout(giveUp, firstBytesTimeoutMs);
  socket.once("close", () => clearTimeout(timer));
  socket.once("error", giveUp);
  socket.once("end", giveUp);
  function look(): void {
    const chunk: unknown = socket.read();
    if (Buffer.isBuffer(chunk)) head = Buffer.concat([head, chunk]);
    const text = head.toString("latin1", 0, 3);
    if (text.length < 3 && "PRI".startsWith(text)) {
      socket.once("readable", look);
      return;
    }
    clearTimeout(timer);
    socket.off("error", giveUp);
    socket.off("end", giveUp);
    socket.unshift(head);
    decide(text === "PRI");
  }
  look();
}

import type { IncomingMessage, ServerResponse } from "node:http";
import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";

const lingerMs = 1000;

/** The connections of a server, and which of them have a request in flight. */
export interface Connections {
  add(socket: Socket): void;
  /** Adds the HTTP/2 session of a connection. */
  addSession(socket: Socket, session: ServerHttp2Session): void;
  /** Adds a request over HTTP/1.1. */
  addRequest(request: IncomingMessage, response: ServerResponse): void;
  /**
   * Closes each connection without a request in flight at once, and the others after their last
   * response.
   */
  close(): void;
  /** Closes all connections at once. */
  destroy(): void;
}

interface Connection {
  inFlight: number;
  session?: ServerHttp2Session;
  /** The responses over HTTP/1.1 that have not been sent. */
  readonly responses: Set<ServerResponse>;
}

/** Creates an empty set of connections. */
export function createConnections(): Connections {
  const connections = new Map<Socket, Connection>();
  let closing = false;

  function begin(socket: Socket): () => void {
    const connection = connections.get(socket);
    if (connection === undefined) return () => {};
    connection.inFlight += 1;
    return () => {
      connection.inFlight -= 1;
      if (closing && connection.inFlight === 0) endSocket(socket, connection);
    };
  }
  return {
    add(socket) {
      connections.set(socket, { inFlight: 0, responses: new Set() });
      socket.once("close", () => connections.delete(socket));
    },
    addSession(socket, session) {
      const connection = connections.get(socket);
      if (connection) connection.session = session;
      session.on("stream", (stream) => void stream.once("close", begin(socket)));
    },
    addRequest(request, response) {
      const { socket } = request;
      const responses = connections.get(socket)?.responses;
      const end = begin(socket);
      responses?.add(response);
      response.once("close", () => {
        responses?.delete(response);
        // The rest of its body may follow.
        if (request.complete || request.destroyed) end();
        else request.once("close", end);
      });
    },
    close() {
      closing = true;
      for (const [socket, { inFlight, session, responses }] of connections) {
        if (inFlight === 0 && session === undefined) socket.destroy();
        else if (inFlight === 0) session?.destroy();
        else session?.close();
        for (const response of responses) response.shouldKeepAlive = false;
      }
    },
    destroy() {
      for (const [socket, { session }] of connections) {
        session?.destroy();
        socket.destroy();
      }
    },
  };
}

/** Ends a connection. A client that has the last response and keeps the connection has to leave it. */
function endSocket(socket: Socket, { session }: Connection): void {
  if (session === undefined) socket.end();
  const linger = () => {
    const timer = setTimeout(() => socket.destroy(), lingerMs);
    socket.once("close", () => clearTimeout(timer));
  };
  if (socket.writableFinished) linger();
  else socket.once("finish", linger);
}

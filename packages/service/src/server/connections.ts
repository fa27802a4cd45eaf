import type { IncomingMessage, ServerResponse } from "node:http";
import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { Admission } from "../limits/admission.ts";
import type { ConnectionLimits } from "../limits/connection-limits.ts";
import { type ConnectionWatch, watchConnection } from "../limits/connection-watch.ts";

const lingerMs = 1000;

/** The connections of a server, and which of them have a request in flight. */
export interface Connections {
  /** Adds a connection. Returns false when it exceeds a limit, and closes it then. */
  add(socket: Socket): boolean;
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
  readonly watch: ConnectionWatch;
  session?: ServerHttp2Session;
  /** The responses over HTTP/1.1 that have not been sent. */
  readonly responses: Set<ServerResponse>;
}

/** The requests that a client of HTTP/1.1 may send before it has read their responses. */
const maxPipelined = 32;
const checkIntervalMs = 5000;

/** Creates an empty set of connections, and closes those that are idle, dead or hostile. */
export function createConnections(limits: ConnectionLimits, admission: Admission): Connections {
  const connections = new Map<Socket, Connection>();
  let closing = false;
  const timer = setInterval(() => {
    for (const [socket, { watch, session, inFlight }] of connections) {
      const verdict = watch.check(session, inFlight > 0);
      if (verdict === "idle") closeIdle(socket, session);
      else if (verdict === "dead") socket.destroy();
    }
  }, checkIntervalMs).unref();

  function begin(socket: Socket): () => void {
    const connection = connections.get(socket);
    if (connection === undefined) return () => {};
    connection.inFlight += 1;
    admission.setBusy(socket);
    return () => {
      connection.inFlight -= 1;
      if (connection.inFlight === 0) {
        connection.watch.rest();
        admission.setIdle(socket);
      }
      if (closing && connection.inFlight === 0) endSocket(socket, connection.session);
    };
  }
  return {
    add(socket) {
      if (!admission.admit(socket)) return false;
      const watch = watchConnection(socket, limits);
      connections.set(socket, { inFlight: 0, watch, responses: new Set() });
      socket.once("close", () => connections.delete(socket));
      return true;
    },
    addSession(socket, session) {
      const connection = connections.get(socket);
      if (connection) {
        connection.session = session;
        connection.watch.addSession(session);
      }
      session.on("stream", (stream) => void stream.once("close", begin(socket)));
    },
    addRequest(request, response) {
      const { socket } = request;
      const responses = connections.get(socket)?.responses;
      if ((responses?.size ?? 0) >= maxPipelined) socket.destroy();
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
      clearInterval(timer);
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

/** Closes an idle connection. A client of HTTP/2 receives GOAWAY first. */
function closeIdle(socket: Socket, session: ServerHttp2Session | undefined): void {
  if (session === undefined) {
    socket.destroy();
    return;
  }
  session.close();
  endSocket(socket, session);
}

/** Ends a connection. A client that has the last response and keeps the connection has to leave it. */
function endSocket(socket: Socket, session: ServerHttp2Session | undefined): void {
  if (session === undefined) socket.end();
  const linger = () => {
    const timer = setTimeout(() => socket.destroy(), lingerMs);
    socket.once("close", () => clearTimeout(timer));
  };
  if (socket.writableFinished) linger();
  else socket.once("finish", linger);
}

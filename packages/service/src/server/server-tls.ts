import type { IncomingMessage, ServerResponse } from "node:http";
import * as https from "node:https";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Admission } from "../limits/admission.ts";
import type { TlsFiles } from "../tls/tls-files.ts";
import { openTlsFiles } from "../tls/tls-files.ts";

/** The certificate of a server, and whether its callers need one. */
export interface ServerTls extends TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /**
   * "required": a caller without a certificate of an authority in `caFile` is refused before it sends a
   * request. Default: "required" with `caFile`, "none" without.
   */
  readonly clientCertificate?: "required" | "none" | undefined;
}

/** The connections of a server that have not finished their TLS handshake. */
export interface Handshakes {
  /** Closes them. */
  destroy(): void;
}

const handshakeTimeoutMs = 10_000;

/**
 * Creates a server of HTTP/1.1 over TLS, which also negotiates HTTP/2 (ALPN). It reads its files again
 * when they have changed, for the connections that follow; open ones stay open. Throws when the files
 * are invalid, or when callers need a certificate and no authority is named.
 */
export function createTlsServer(
  tls: ServerTls,
  options: https.ServerOptions,
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): https.Server {
  const { clientCertificate = tls.caFile === undefined ? "none" : "required" } = tls;
  if (clientCertificate === "required" && tls.caFile === undefined) {
    throw new Error(
      "callers need a certificate, but no authority is named that they are checked against: set caFile (TLS_CA_FILE)",
    );
  }
  const files = openTlsFiles(tls);
  let material = files.read();
  const server = https.createServer(
    {
      ...options,
      ...material,
      ALPNProtocols: ["h2", "http/1.1"],
      requestCert: clientCertificate === "required",
      rejectUnauthorized: clientCertificate === "required",
      handshakeTimeout: handshakeTimeoutMs,
    },
    handler,
  );
  server.prependListener("connection", () => {
    const latest = files.read();
    if (latest === material) return;
    material = latest;
    server.setSecureContext(latest);
  });
  return server;
}

/** Admits and tracks the connections of a server from their start to the end of their TLS handshake. */
export function trackHandshakes(server: https.Server, admission: Admission): Handshakes {
  const sockets = new Map<string, Socket>();
  server.on("connection", (socket: Socket) => {
    if (!admission.admit(socket)) return;
    const peer = describePeer(socket);
    sockets.set(peer, socket);
    socket.once("close", () => {
      if (sockets.get(peer) === socket) sockets.delete(peer);
    });
  });
  // The socket over TLS is another object, of the same peer.
  server.on("secureConnection", (socket: TLSSocket) => {
    const peer = describePeer(socket);
    const handshaken = sockets.get(peer);
    // From now on it counts among the connections.
    if (handshaken !== undefined) admission.remove(handshaken);
    sockets.delete(peer);
  });
  return {
    destroy() {
      for (const socket of sockets.values()) socket.destroy();
    },
  };
}

function describePeer({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

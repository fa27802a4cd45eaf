import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import type { CertificateFiles } from "./certificates.ts";

/** A proxy that adds TLS to a server which has none. */
export interface TlsProxy {
  readonly port: number;
  /** Closes the port and all connections. */
  close(): Promise<void>;
}

/**
 * Starts a proxy on 127.0.0.1 that passes connections over TLS on to a port without it. Clients need a
 * certificate of the authority in `files`, which are read for each connection.
 */
export async function startTlsProxy(options: {
  /** Default: a free port. */
  readonly port?: number | undefined;
  readonly targetPort: number;
  readonly files: CertificateFiles;
}): Promise<TlsProxy> {
  const { files, targetPort } = options;
  const connections = new Set<Socket>();
  const server = createServer(
    {
      ...readMaterial(files),
      ALPNProtocols: ["h2"],
      requestCert: true,
      rejectUnauthorized: true,
    },
    (client) => connections.add(client) && forward(client, targetPort, connections),
  );
  server.prependListener("connection", () => server.setSecureContext(readMaterial(files)));
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" ? (address?.port ?? 0) : 0,
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const connection of connections) connection.destroy();
      await closed;
    },
  };
}

function forward(client: TLSSocket, port: number, connections: Set<Socket>): void {
  const target = connect({ host: "127.0.0.1", port, noDelay: true });
  for (const [from, to] of [
    [client, target],
    [target, client],
  ] as const) {
    from.pipe(to);
    from.on("error", () => to.destroy());
    from.once("close", () => {
      connections.delete(client);
      to.destroy();
    });
  }
}

function readMaterial({ caFile, certFile, keyFile }: CertificateFiles) {
  return { ca: readFileSync(caFile), cert: readFileSync(certFile), key: readFileSync(keyFile) };
}

import { once } from "node:events";
import type { Server } from "node:http";

/** Starts a server on a free port of 127.0.0.1. Closes it when disposed. */
export async function listenOnFreePort(
  server: Server,
): Promise<AsyncDisposable & { readonly port: number }> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

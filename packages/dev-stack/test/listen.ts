import { once } from "node:events";
import type { Server } from "node:http";

/** Starts a server on a free port of 127.0.0.1. Closes it when disposed. */
export async function listenOnFreePort(server: Server): Promise<AsyncDisposable & { url: string }> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

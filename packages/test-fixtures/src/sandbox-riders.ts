import { once } from "node:events";
import { createServer } from "node:http2";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { RidersService } from "@fanfare/contracts/riders/v1/riders";

/** A riders service in this process. */
export interface SandboxRiders extends AsyncDisposable {
  readonly url: string;
}

/**
 * Starts a riders service in which every rider has every payment method of the sandbox, under the gateway's token
 * as its id.
 */
export async function startSandboxRiders(): Promise<SandboxRiders> {
  const server = createServer(
    connectNodeAdapter({
      routes: ({ service }) =>
        service(RidersService, {
          getGatewayToken: ({ paymentMethodId }) => ({ gatewayToken: paymentMethodId }),
        }),
    }),
  );
  const sessions = new Set<{ destroy(): void }>();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => {});
    session.once("close", () => sessions.delete(session));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}

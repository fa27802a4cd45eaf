import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { TripsService } from "@fanfare/contracts/trips/v1/trips";
import { type DevKeys, mintToken } from "@fanfare/dev-stack";

/** Returns the client of a rider. */
export type Riders = (rider: string) => Client<typeof TripsService>;

/** Creates the clients of riders, who share the connections of one transport. */
export function createRiders(transport: Transport, keys: DevKeys): Riders {
  const clients = new Map<string, Client<typeof TripsService>>();
  return (subject) => {
    const known = clients.get(subject);
    if (known) return known;
    const token = mintToken(keys, { role: "rider", subject });
    const client = createClient(TripsService, addToken(transport, token));
    clients.set(subject, client);
    return client;
  };
}

/** Wraps a transport so that its calls carry a token. */
export function addToken(transport: Transport, token: Promise<string>): Transport {
  async function authorise(header?: ConstructorParameters<typeof Headers>[0]): Promise<Headers> {
    const headers = new Headers(header);
    headers.set("authorization", `Bearer ${await token}`);
    return headers;
  }
  return {
    async unary(method, signal, timeoutMs, header, ...message) {
      return await transport.unary(method, signal, timeoutMs, await authorise(header), ...message);
    },
    async stream(method, signal, timeoutMs, header, ...messages) {
      return await transport.stream(
        method,
        signal,
        timeoutMs,
        await authorise(header),
        ...messages,
      );
    },
  };
}

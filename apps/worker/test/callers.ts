import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { TripsService } from "@fanfare/contracts/trips/v1/trips";
import { type DevKeys, mintToken, type TokenClaims } from "@fanfare/dev-stack";

/** Returns the client of a caller of the trips API. */
export type Callers = (claims: TokenClaims) => Client<typeof TripsService>;

/** Creates the clients of callers, who share the connections of one transport. */
export function createCallers(transport: Transport, keys: DevKeys): Callers {
  const clients = new Map<string, Client<typeof TripsService>>();
  return (claims) => {
    const known = clients.get(claims.subject);
    if (known) return known;
    const client = createClient(TripsService, addToken(transport, mintToken(keys, claims)));
    clients.set(claims.subject, client);
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

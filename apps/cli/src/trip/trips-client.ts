import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { TripOperationsService } from "@fanfare/contracts/operators/v1/trip_operations";
import { TripsService } from "@fanfare/contracts/trips/v1/trips";
import { createServiceTransport, type TlsFiles } from "@fanfare/service";

/** A client of the API of riders. */
export type TripsClient = Client<typeof TripsService>;
/** A client of the API of operators. */
export type OperationsClient = Client<typeof TripOperationsService>;

/** Where a service is, and who calls it. */
export interface Address {
  /** Such as http://127.0.0.1:8080. */
  readonly url: string;
  /** The bearer token of the caller. */
  readonly token: string;
  /** The authority of an https service, and a certificate for it. */
  readonly tls?: TlsFiles | undefined;
  /** Returns a new token for each call. Default: the same token always. */
  readonly renewToken?: (() => Promise<string>) | undefined;
}

/** A client of one service. Closes its connection when it is disposed. */
export interface ServiceClient<S extends DescService> extends Disposable {
  readonly client: Client<S>;
}

/** A transport whose connection closes when it is disposed of. */
export interface OpenTransport extends Disposable {
  readonly transport: Transport;
}

/** Creates a transport for one caller. The timeout of a call is 30 s unless the call sets one. */
export function openTransport({ url, token, renewToken, tls }: Address): OpenTransport {
  const authorize: Interceptor = (next) => async (request) => {
    request.header.set("authorization", `Bearer ${(await renewToken?.()) ?? token}`);
    return await next(request);
  };
  const transport = createServiceTransport({
    baseUrl: url,
    interceptors: [authorize],
    tls,
    timeoutMs: 30_000,
    connections: 1,
  });
  return { transport, [Symbol.dispose]: () => transport.close() };
}

/** Creates a client of a service for one caller, over a transport of its own. */
export function connectTo<S extends DescService>(service: S, address: Address): ServiceClient<S> {
  const { transport, [Symbol.dispose]: close } = openTransport(address);
  return { client: createClient(service, transport), [Symbol.dispose]: close };
}

/** Creates a client of the API of riders. */
export function connectToTrips(address: Address): ServiceClient<typeof TripsService> {
  return connectTo(TripsService, address);
}

/** Creates a client of the API of operators. */
export function connectToOperations(address: Address): ServiceClient<typeof TripOperationsService> {
  return connectTo(TripOperationsService, address);
}

import type { SecureContextOptions } from "node:tls";
import { type Client, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { AuditService } from "@fanfare/contracts/audit/v1/audit";
import { BillingService } from "@fanfare/contracts/billing/v1/billing";
import { FleetService } from "@fanfare/contracts/fleet/v1/fleet";
import { NotificationsService } from "@fanfare/contracts/notifications/v1/notifications";
import { TripOperationsService } from "@fanfare/contracts/operators/v1/trip_operations";
import { RevenueService } from "@fanfare/contracts/revenue/v1/revenue";
import { RidersService } from "@fanfare/contracts/riders/v1/riders";
import { TripsService } from "@fanfare/contracts/trips/v1/trips";
import type { TokenClaims } from "@fanfare/dev-stack";
import { addPaymentMethod } from "@fanfare/test-fixtures";
import type { AppName } from "@fanfare/topology";

/** Clients of the apps: of trips and riders as a rider, of the others as an operator. */
export interface Clients {
  /** Returns a client of the trips API for a rider, or for other claims. */
  trips(rider: string, claims?: Partial<TokenClaims>): Client<typeof TripsService>;
  /** Returns a client of the riders API for a rider. */
  riders(rider: string): Client<typeof RidersService>;
  /** Returns the id of a rider's payment method with a token of the sandbox, which is added once. */
  findPaymentMethod(rider: string, gatewayToken: string): Promise<string>;
  /** The trips of all riders. */
  readonly operations: Client<typeof TripOperationsService>;
  readonly fleet: Client<typeof FleetService>;
  readonly billing: Client<typeof BillingService>;
  readonly revenue: Client<typeof RevenueService>;
  readonly audit: Client<typeof AuditService>;
  readonly notifications: Client<typeof NotificationsService>;
  /** Creates a transport to an app, for an operator. */
  createTransport(name: AppName): Transport;
}

/** Options of {@link createClients}. */
export interface ClientsOptions {
  readonly findUrl: (name: AppName) => string;
  readonly mintToken: (claims: TokenClaims) => Promise<string>;
  /** The certificates of the callers, for apps with TLS. */
  readonly tls?: SecureContextOptions | undefined;
  /** Interceptors around each call. */
  readonly interceptors?: readonly Interceptor[];
}

/** Creates the clients, which call over HTTP/1.1 as curl does. */
export function createClients(options: ClientsOptions): Clients {
  const { findUrl, mintToken, tls = {}, interceptors = [] } = options;
  const operator = { role: "operator", subject: "ada" } as const;
  const transport = (baseUrl: string, claims: TokenClaims) =>
    createConnectTransport({
      baseUrl,
      httpVersion: "1.1",
      nodeOptions: tls,
      defaultTimeoutMs: 30_000,
      interceptors: [...interceptors, withToken(mintToken(claims))],
    });
  const as = (name: AppName) => transport(findUrl(name), operator);
  const asRider = (name: AppName, subject: string) =>
    transport(findUrl(name), { role: "rider", subject });
  const methods = new Map<string, Promise<string>>();
  return {
    riders: (rider) => createClient(RidersService, asRider("riders", rider)),
    findPaymentMethod(rider, gatewayToken) {
      const key = JSON.stringify([rider, gatewayToken]);
      const known = methods.get(key);
      if (known !== undefined) return known;
      const added = addPaymentMethod(asRider("riders", rider), gatewayToken);
      methods.set(key, added);
      added.catch(() => methods.delete(key));
      return added;
    },
    trips: (rider, claims) =>
      createClient(
        TripsService,
        transport(findUrl("trips"), { role: "rider", subject: rider, ...claims }),
      ),
    operations: createClient(TripOperationsService, as("trips")),
    fleet: createClient(FleetService, as("fleet")),
    billing: createClient(BillingService, as("billing")),
    revenue: createClient(RevenueService, as("revenue")),
    audit: createClient(AuditService, as("audit")),
    notifications: createClient(NotificationsService, as("notifications")),
    createTransport: as,
  };
}

function withToken(minted: Promise<string>): Interceptor {
  return (next) => async (request) => {
    request.header.set("authorization", `Bearer ${await minted}`);
    return await next(request);
  };
}

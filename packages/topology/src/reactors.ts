import { createClient } from "@connectrpc/connect";
import { AuditService } from "@fanfare/contracts/audit/v1/audit";
import { FleetEvents } from "@fanfare/contracts/fleet/v1/fleet_events";
import { NotificationsService } from "@fanfare/contracts/notifications/v1/notifications";
import { RevenueService } from "@fanfare/contracts/revenue/v1/revenue";
import { RiderEvents } from "@fanfare/contracts/riders/v1/rider_events";
import { RefundEvents } from "@fanfare/contracts/trips/v1/refund_events";
import { TripEvents } from "@fanfare/contracts/trips/v1/trip_events";
import type { Reactor, ReactorEffects } from "./reactor.ts";

/**
 * The one list of reactors. Ports, databases, users and permissions of NATS, consumer groups, what
 * the demo counts, and the reactors' parts of docker-compose.yml and deploy/kubernetes derive from
 * it: run `npm run generate` after a change.
 */
export const reactors = [
  {
    name: "revenue",
    port: 8085,
    events: [TripEvents, RefundEvents],
    effects: {
      table: "revenue",
      tripColumn: "trip_id",
      count: async (transport, tripId, options) =>
        (await createClient(RevenueService, transport).listRevenue({ tripId }, options)).entries
          .length,
    },
  },
  {
    name: "audit",
    port: 8086,
    events: [TripEvents, RefundEvents, FleetEvents, RiderEvents],
    serial: "each append locks the row with the end of the log",
    effects: {
      table: "events",
      tripColumn: "key",
      count: async (transport, tripId, options) =>
        (await createClient(AuditService, transport).listEvents({ key: tripId }, options)).events
          .length,
    },
  },
  {
    name: "notifications",
    port: 8087,
    events: [TripEvents, RefundEvents],
    effects: {
      table: "receipts",
      tripColumn: "trip_id",
      count: async (transport, tripId, options) =>
        (await createClient(NotificationsService, transport).listReceipts({ tripId }, options))
          .receipts.length,
    },
  },
] as const satisfies readonly Reactor[];

/** The name of a reactor of the list. */
export type ReactorName = (typeof reactors)[number]["name"];

/** The names of the reactors, in the order of the list. */
export const reactorNames: readonly ReactorName[] = reactors.map(({ name }) => name);

/** A reactor of the list. */
export type ListedReactor = Reactor & { readonly name: ReactorName };

/** A reactor in which the effects of a trip can be counted. */
export type CountedReactor = ListedReactor & { readonly effects: ReactorEffects };

/** The reactors in which the effects of a trip can be counted. */
export const countedReactors: readonly CountedReactor[] = listReactors().filter(hasEffects);

/** Returns what `map` returns for each reactor, by the reactor's name. */
export function mapReactors<T>(
  map: (reactor: ListedReactor) => T,
): Readonly<Record<ReactorName, T>> {
  const mapped: Partial<Record<ReactorName, T>> = {};
  for (const reactor of reactors) mapped[reactor.name] = map(reactor);
  if (!hasAllReactors(mapped)) throw new Error("a reactor is missing");
  return mapped;
}

function listReactors(): readonly ListedReactor[] {
  return reactors;
}

function hasEffects(reactor: ListedReactor): reactor is CountedReactor {
  return reactor.effects !== undefined;
}

function hasAllReactors<T>(
  mapped: Partial<Record<ReactorName, T>>,
): mapped is Record<ReactorName, T> {
  return reactorNames.every((name) => name in mapped);
}

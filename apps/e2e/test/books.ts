import { unlockFee } from "@fanfare/trip-contract";
import { Client } from "pg";
import type { Stack } from "./stack.ts";

/** Account is what all databases say of one trip together. Amounts are in minor units. */
export interface Account {
  /** As the registry says it. */
  readonly status: string;
  /** What the drive cost, beside the unlock fee; 0 until it ended. */
  readonly fare: number;
  /** How many vehicles it holds. */
  readonly vehicles: number;
  /** How often something was taken from its payment method, and how much altogether. */
  readonly captures: number;
  readonly captured: number;
  /** Charges less refunds. */
  readonly balance: number;
  /** What of its payment method is authorised and neither taken nor given back. */
  readonly authorised: number;
  readonly effects: {
    readonly revenue: number;
    readonly audit: number;
    readonly notifications: number;
  };
}

/** settledAccount is a trip that was charged once and told to each group once. */
export function settledAccount(fare: number): Account {
  const captured = unlockFee.minorUnits + fare;
  return {
    status: "SETTLED",
    fare,
    vehicles: 0,
    captures: 1,
    captured,
    balance: captured,
    authorised: 0,
    effects: { revenue: 1, audit: 1, notifications: 1 },
  };
}

/** compensatedAccount is a trip of which nothing is left. */
export const compensatedAccount: Account = {
  status: "CANCELLED",
  fare: 0,
  vehicles: 0,
  captures: 0,
  captured: 0,
  balance: 0,
  authorised: 0,
  effects: { revenue: 0, audit: 0, notifications: 0 },
};

/** Books are the databases of all apps, read past their services. */
export interface Books extends AsyncDisposable {
  /** accountsOf tells of trips, in the order asked. */
  accountsOf(tripIds: readonly string[]): Promise<Account[]>;
  /** addVehicles puts vehicles into the fleet, in service, and gives their ids. */
  addVehicles(count: number): Promise<string[]>;
}

const counts = {
  revenue: "select trip_id, count(*)::int as n from revenue where trip_id = any($1) group by 1",
  audit: `select key as trip_id, count(*)::int as n from events
    where key = any($1) and topic = 'trips.completed' group by 1`,
  notifications:
    "select trip_id, count(*)::int as n from receipts where trip_id = any($1) group by 1",
  fleet: `select trip_id::text, count(*)::int as n from vehicle_holds
    where trip_id = any($1::uuid[]) group by 1`,
} as const;

const money = `
  select tabs.trip_id::text,
    (select coalesce(sum(minor_units), 0)::int from tab_entries e where e.trip_id = tabs.trip_id) as balance,
    (select count(*)::int from sandbox_captures c
      where c.taken and starts_with(c.capture_key, 'tab/' || tabs.trip_id)) as captures,
    (select coalesce(sum(minor_units), 0)::int from sandbox_captures c
      where c.taken and starts_with(c.capture_key, 'tab/' || tabs.trip_id)) as captured,
    (select coalesce(sum(minor_units), 0)::int from sandbox_authorisations a
      where a.state = 'authorised' and position(tabs.trip_id::text in a.authorisation_key) > 0) as authorised
  from tabs where trip_id = any($1::uuid[])`;

async function count(client: Client, of: keyof typeof counts, tripIds: readonly string[]) {
  const { rows } = await client.query<{ trip_id: string; n: number }>(counts[of], [tripIds]);
  return new Map(rows.map(({ trip_id, n }) => [trip_id, n]));
}

/** openBooks connects to each database as its app does. */
export async function openBooks({ system }: Stack): Promise<Books> {
  const stack = new AsyncDisposableStack();
  async function open(name: "trips" | "fleet" | "billing" | keyof Account["effects"]) {
    const client = new Client({ connectionString: system.app(name).env["DATABASE_URL"] });
    // What the server says when it stops.
    client.on("error", () => {});
    await client.connect();
    stack.defer(() => client.end());
    return client;
  }
  const [trips, fleet, billing] = [await open("trips"), await open("fleet"), await open("billing")];
  const groups = {
    revenue: await open("revenue"),
    audit: await open("audit"),
    notifications: await open("notifications"),
  };

  return {
    async accountsOf(tripIds) {
      const [registry, tabs, vehicles, revenue, audit, notifications] = await Promise.all([
        trips.query<{ trip_id: string } & Pick<Account, "status" | "fare">>(
          "select trip_id::text, status, coalesce(fare, 0)::int as fare from trips where trip_id = any($1::uuid[])",
          [tripIds],
        ),
        billing.query<
          { trip_id: string } & Pick<Account, "balance" | "captures" | "captured" | "authorised">
        >(money, [tripIds]),
        count(fleet, "fleet", tripIds),
        count(groups.revenue, "revenue", tripIds),
        count(groups.audit, "audit", tripIds),
        count(groups.notifications, "notifications", tripIds),
      ]);
      const known = new Map(registry.rows.map(({ trip_id, ...row }) => [trip_id, row]));
      const paid = new Map(tabs.rows.map(({ trip_id, ...row }) => [trip_id, row]));
      const nothing = { balance: 0, captures: 0, captured: 0, authorised: 0 };
      return tripIds.map((tripId) => ({
        ...(known.get(tripId) ?? { status: "unknown", fare: 0 }),
        vehicles: vehicles.get(tripId) ?? 0,
        ...(paid.get(tripId) ?? nothing),
        effects: {
          revenue: revenue.get(tripId) ?? 0,
          audit: audit.get(tripId) ?? 0,
          notifications: notifications.get(tripId) ?? 0,
        },
      }));
    },
    async addVehicles(amount) {
      const ids = Array.from({ length: amount }, () => `vehicle-${crypto.randomUUID()}`);
      await fleet.query(
        "insert into vehicles select id, 'Renault Zoe', 45, 4, true from unnest($1::text[]) as id",
        [ids],
      );
      return ids;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

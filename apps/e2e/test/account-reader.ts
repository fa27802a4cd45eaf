import { unlockFee } from "@fanfare/trip-contract";
import { Client } from "pg";
import type { Stack } from "./stack.ts";

/** What the databases of all apps contain about one trip. Amounts are in minor units. */
export interface Account {
  /** The status in the registry. */
  readonly status: string;
  /** The price of the drive without the unlock fee; 0 until the drive ends. */
  readonly fare: number;
  /** The number of vehicles that the trip holds. */
  readonly vehicles: number;
  /** The number of captures on its payment method. */
  readonly captures: number;
  /** The sum of the captures. */
  readonly captured: number;
  /** Charges minus refunds. */
  readonly balance: number;
  /** The sum that is authorised and neither captured nor released. */
  readonly authorised: number;
  readonly effects: {
    readonly revenue: number;
    readonly audit: number;
    readonly notifications: number;
  };
}

/** Returns the account of a trip that was charged once and has one effect in each group. */
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

/** The account of a trip that is fully compensated. */
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

/** Reads the databases of all apps directly, not through their services. */
export interface AccountReader extends AsyncDisposable {
  /** Returns the accounts of trips, in the order of the ids. */
  readAccounts(tripIds: readonly string[]): Promise<Account[]>;
  /** Adds available vehicles to the fleet, and returns their ids. */
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

/** Connects to each database with the role of its app. */
export async function openAccountReader({ system }: Stack): Promise<AccountReader> {
  const stack = new AsyncDisposableStack();
  async function open(name: "trips" | "fleet" | "billing" | keyof Account["effects"]) {
    const client = new Client({ connectionString: system.app(name).env["DATABASE_URL"] });
    // A server that stops sends an error to its idle connections.
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
    async readAccounts(tripIds) {
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

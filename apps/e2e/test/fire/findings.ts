import { type Kysely, sql } from "kysely";
import type { FireDatabase } from "./fire-database.ts";

/** groups are the three reactors, each of which has to have one effect of everything. */
export const groups = ["revenue", "audit", "notifications"] as const;
export type Group = (typeof groups)[number];

/** FireDatabases are the one that is written to and those of the reactors. */
export interface FireDatabases extends Readonly<Record<Group, Kysely<unknown>>> {
  readonly fire: Kysely<FireDatabase>;
}

/** Effects are only ever appended, by tables that would take one twice. Named as events are. */
const nameQueries = {
  revenue: sql<{ name: string }>`select trip_id || '/' || minor_units as name from revenue`,
  audit: sql<{ name: string }>`select event_id as name from events`,
  notifications: sql<{ name: string }>`select trip_id || '/' || rider_id as name from receipts`,
};
const countQueries = {
  revenue: sql<{ count: number }>`select count(*)::int as count from revenue`,
  audit: sql<{ count: number }>`select count(*)::int as count from events`,
  notifications: sql<{ count: number }>`select count(*)::int as count from receipts`,
};

/** behind is how many effects are still missing, the most that any group lacks. */
export async function countMissing(databases: FireDatabases): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from committed`.execute(databases.fire);
  const committed = rows[0]?.count ?? 0;
  const counts = await Promise.all(
    groups.map((group) => countQueries[group].execute(databases[group])),
  );
  const missing = counts.map((result) => committed - (result.rows[0]?.count ?? 0));
  return Math.max(...missing);
}

export interface Findings {
  readonly events: number;
  /** Committed, and without an effect in some group. */
  readonly lost: readonly string[];
  /** With more than one effect in some group. */
  readonly duplicated: readonly string[];
  /** With an effect although never committed. */
  readonly unexpected: readonly string[];
  /** The place of each event, by its number, among the commits of its trip. */
  readonly places: ReadonlyMap<number, number>;
  /** How many trips revenue has in its sums, which must be the number of events. */
  readonly summed: number;
}

/** findings compares what is committed with what each group made of it. */
export async function collectFindings(databases: FireDatabases): Promise<Findings> {
  const committed = await databases.fire.selectFrom("committed").selectAll().execute();
  const wanted = new Set(committed.map(({ trip, event }) => `${trip}/${event}`));
  const found = await Promise.all(
    groups.map(async (group) => {
      const { rows } = await nameQueries[group].execute(databases[group]);
      const once = new Set<string>();
      const duplicated: string[] = [];
      for (const { name } of rows) {
        if (once.has(name)) duplicated.push(`${group} ${name}`);
        once.add(name);
      }
      return { group, once, duplicated };
    }),
  );
  const sums = await sql<{ sum: number }>`
    select coalesce(sum(trips), 0)::int as sum from vehicle_days`.execute(databases.revenue);
  return {
    events: wanted.size,
    places: new Map(committed.map(({ event, place }) => [event, place])),
    lost: found.flatMap(({ group, once }) =>
      [...wanted].filter((name) => !once.has(name)).map((name) => `${group} ${name}`),
    ),
    duplicated: found.flatMap(({ duplicated }) => duplicated),
    unexpected: found.flatMap(({ group, once }) =>
      [...once].filter((name) => !wanted.has(name)).map((name) => `${group} ${name}`),
    ),
    summed: sums.rows[0]?.sum ?? 0,
  };
}

import { type Kysely, sql } from "kysely";
import type { FireDatabase } from "./fire-database.ts";

/** The reactors, each of which must have one effect of every event. */
export const groups = ["revenue", "audit", "notifications"] as const;
/** The name of a reactor. */
export type Group = (typeof groups)[number];

/** The database with the outbox, and those of the reactors. */
export interface FireDatabases extends Readonly<Record<Group, Kysely<unknown>>> {
  readonly fire: Kysely<FireDatabase>;
}

/**
 * The names of the effects, which match those of the events. The tables would accept a duplicate. Without riders,
 * every receipt stays a draft.
 */
const nameQueries = {
  revenue: sql<{ name: string }>`select trip_id || '/' || minor_units as name from revenue`,
  audit: sql<{ name: string }>`select event_id as name from events`,
  notifications: sql<{
    name: string;
  }>`select trip_id || '/' || rider_id as name from receipt_drafts`,
};
const countQueries = {
  revenue: sql<{ count: number }>`select count(*)::int as count from revenue`,
  audit: sql<{ count: number }>`select count(*)::int as count from events`,
  notifications: sql<{ count: number }>`select count(*)::int as count from receipt_drafts`,
};

/** Returns the number of effects that are missing in the group that lacks the most. */
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

/** The comparison of committed events and effects. */
export interface Findings {
  /** The number of committed events. */
  readonly events: number;
  /** The committed events without an effect in some group. */
  readonly lost: readonly string[];
  /** The events with more than one effect in some group. */
  readonly duplicated: readonly string[];
  /** The effects of events that were not committed. */
  readonly unexpected: readonly string[];
  /** The position of each event among the commits of its trip, by the event's number. */
  readonly positions: ReadonlyMap<number, number>;
  /** The number of trips in the sums of revenue, which must be the number of events. */
  readonly summed: number;
}

/** Compares the committed events with the effects in each group. */
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
    positions: new Map(committed.map(({ event, position }) => [event, position])),
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

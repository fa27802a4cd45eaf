import type { Kysely } from "kysely";
import type { AuditDatabase } from "./tables.ts";

/** An event to append to the log. */
export interface NewEvent {
  readonly eventId: string;
  readonly topic: string;
  readonly key: string | undefined;
  readonly type: string;
  readonly source: string;
  readonly time: Date;
  readonly json: string;
}

/**
 * Appends an event to the log. The row of `log_end` stays locked until the transaction ends, so appends
 * run one after the other, and positions become visible in order and without gaps: a reader that has
 * read up to a position has missed nothing before it. A PostgreSQL sequence would not guarantee that.
 */
export async function appendEvent(db: Kysely<AuditDatabase>, event: NewEvent): Promise<void> {
  await db
    .with("next", (query) =>
      query
        .updateTable("log_end")
        .set((eb) => ({ position: eb("position", "+", "1") }))
        .returning("position"),
    )
    .insertInto("events")
    .values((eb) => ({
      position: eb.selectFrom("next").select("position"),
      event_id: event.eventId,
      topic: event.topic,
      key: event.key ?? null,
      type: event.type,
      source: event.source,
      event_time: event.time,
      json: event.json,
    }))
    .execute();
}

/** Selects events. A field that is undefined matches all. */
export interface EventFilter {
  readonly topic: string | undefined;
  readonly key: string | undefined;
}

/** Returns the events after a position, in the order of their positions. */
export function listEvents(
  db: Kysely<AuditDatabase>,
  filter: EventFilter,
  page: { readonly after: bigint; readonly limit: number },
) {
  let query = db
    .selectFrom("events")
    .where("position", ">", String(page.after))
    .orderBy("position")
    .limit(page.limit)
    .selectAll();
  if (filter.topic !== undefined) query = query.where("topic", "=", filter.topic);
  if (filter.key !== undefined) query = query.where("key", "=", filter.key);
  return query.execute();
}

import type { Kysely } from "kysely";
import type { AuditDatabase } from "./tables.ts";

/** NewEvent is an event as audit keeps it. */
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
 * appendEvent writes the event at the end of the log. Whoever appends holds the end of the log until
 * its transaction is over, so positions become visible in their order and without gaps: a reader
 * who has read up to a position has missed nothing before it, which a sequence would not give.
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

/** EventFilter selects events; what is undefined selects all. */
export interface EventFilter {
  readonly topic: string | undefined;
  readonly key: string | undefined;
}

/** listEvents lists the events after a position, in the order of their positions. */
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

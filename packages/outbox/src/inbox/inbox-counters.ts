/** Counts of the events of one or several inboxes. */
export interface InboxCounters {
  /** Events whose effects were committed. */
  handled: number;
  /** Events that were acknowledged without calling the handler, because they were handled before. */
  duplicates: number;
}

/**
 * Creates counters at zero, to share between inboxes.
 *
 * @example
 * const counters = createInboxCounters();
 * const handler = inbox(db, async (note: Note, tx) => await insertReading(tx, note), { counters });
 * const metrics = createInboxMetrics(counters);
 */
export function createInboxCounters(): InboxCounters {
  return { handled: 0, duplicates: 0 };
}

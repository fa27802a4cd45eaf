/** InboxCounters counts events, for all inboxes that are given it. */
export interface InboxCounters {
  /** Those whose effects were committed. */
  handled: number;
  /** Those that were acknowledged without calling the handler, as they had been handled before. */
  duplicates: number;
}

/** createInboxCounters begins at nothing. */
export function createInboxCounters(): InboxCounters {
  return { handled: 0, duplicates: 0 };
}

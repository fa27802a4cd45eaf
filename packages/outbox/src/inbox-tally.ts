/** InboxTally counts events, for all inboxes that are given it. */
export interface InboxTally {
  /** Those whose effects were committed. */
  handled: number;
  /** Those that were acknowledged without calling the handler, as they had been handled before. */
  duplicates: number;
}

/** createInboxTally begins at nothing. */
export function createInboxTally(): InboxTally {
  return { handled: 0, duplicates: 0 };
}

import type { RetainedTable } from "@fanfare/reactor";
import { defineRetentionVariable } from "@fanfare/service";

/** The log. Positions stay as they are: a reader that pages from a removed one finds the next that is left. */
export const retained: readonly RetainedTable[] = [
  {
    table: "events",
    key: ["position"],
    since: "recorded_at",
    retention: defineRetentionVariable("AUDIT_RETENTION_DAYS", {
      about: "Events of the log, with their payloads,",
      days: 365,
    }),
  },
];

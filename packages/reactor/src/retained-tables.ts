import { defaultStreamSettings } from "@fanfare/bus-nats";
import { inboxTable } from "@fanfare/outbox";
import {
  defineRetentionVariable,
  type PrunedTable,
  type RetentionDays,
  type Variable,
} from "@fanfare/service";

/** A table that grows, and the variable of its retention. */
export interface RetainedTable extends Omit<PrunedTable, "retentionDays"> {
  readonly retention: Variable<RetentionDays>;
}

/** For how many days after it was published an event may be delivered for the last time. */
const maxRedeliveryDays = Math.ceil(defaultStreamSettings.maxAgeMs / 86_400_000);

/** The records of handled events, which every reactor has. */
export const inboxRecords: RetainedTable = {
  ...inboxTable,
  retention: defineRetentionVariable("INBOX_RETENTION_DAYS", {
    about: "Records of handled events",
    days: maxRedeliveryDays + 1,
    above: {
      days: maxRedeliveryDays,
      reason:
        "the broker may deliver an event again for so long, and it would have its effects twice",
    },
  }),
};

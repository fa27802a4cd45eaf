// How long the services that a trip's saga calls keep what identifies its calls.
import { defineRetentionVariable } from "@fanfare/service";

/**
 * The longest time after its first call in which a call of a trip's saga may be repeated, in days: three weeks
 * in which a step that failed waits for an operator, and the 7 days for which Temporal keeps a closed workflow,
 * which may be reset meanwhile, with two days to spare. A trip that is open for longer keeps its keys.
 */
export const longestRecoveryDays = 30;

/** What the retention of keys has to exceed, and why. */
export const aboveRecovery = {
  days: longestRecoveryDays,
  reason: "the saga of a trip may repeat a call for so long, and the repeated call would run again",
};

/** The variables of the retention of keys. */
export const keyRetentionVariables = {
  keyRetention: defineRetentionVariable("IDEMPOTENCY_KEY_RETENTION_DAYS", {
    about: "Idempotency keys, with the responses to their calls,",
    days: 90,
    above: aboveRecovery,
  }),
  tombstoneRetention: defineRetentionVariable("TOMBSTONE_RETENTION_DAYS", {
    about: "Keys of compensated calls, which are refused,",
    days: "never",
    above: aboveRecovery,
  }),
};

/** A regular expression of PostgreSQL for the id of the trip in a lower-case idempotency key of its saga. */
export const tripIdPattern = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

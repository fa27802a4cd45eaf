/** The prefix of the headers that a dead letter has beside those of its event. */
export const deadLetterPrefix = "fanfare-dead-";

/** The headers that state why and when an event was dead-lettered. */
export const deadLetterHeaders = {
  cause: `${deadLetterPrefix}cause`,
  error: `${deadLetterPrefix}error`,
  attempts: `${deadLetterPrefix}attempts`,
  time: `${deadLetterPrefix}time`,
} as const;

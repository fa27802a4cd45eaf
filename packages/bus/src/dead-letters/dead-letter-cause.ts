/**
 * Why an event is dead-lettered.
 *
 * - undecodable: the record is not a message of the topic's type.
 * - permanent: the handler threw a PermanentError, or what `classify` dead-letters.
 * - attempts: the handler failed `maxAttempts` times.
 * - poison: the event was delivered far more often, and its last attempts never ended.
 */
export type DeadLetterCause = "undecodable" | "permanent" | "attempts" | "poison";

import type { DeadLetterCause } from "./dead-letter-cause.ts";

/** An event that a consumer group could not handle, as it was published, with the last error. */
export interface DeadLetter {
  readonly group: string;
  /** Identifies the dead letter within its group: pass it to `read`, `replay` and `discard`. */
  readonly sequence: number;
  readonly topic: string;
  readonly id: string;
  /** Undefined when the event has no key. */
  readonly key: string | undefined;
  /** The full name of the message's type; undefined when the event carries none. */
  readonly type: string | undefined;
  /** The time of the event; undefined when it carries none or a malformed one. */
  readonly time: Date | undefined;
  /** Who published the event; undefined when it carries no source. */
  readonly source: string | undefined;
  /** The other attributes of CloudEvents, such as `subject`; names without `ce-`. */
  readonly attributes: Readonly<Record<string, string>>;
  /** The publisher's own headers. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * - `undecodable`: the record is not an event of its topic.
   * - `permanent`: the handler threw a `PermanentError`, or what `classify` dead-letters.
   * - `attempts`: the handler failed `maxAttempts` times.
   * - `poison`: the event was delivered far more often than `maxAttempts`, and its last attempts never ended.
   */
  readonly cause: DeadLetterCause;
  /** The last error with its causes, at most 600 bytes once encoded. */
  readonly error: string;
  /** How often handlers failed, over all processes of the group; 1 for an undecodable event. */
  readonly attempts: number;
  readonly deadLetteredAt: Date;
  /** The payload, as it was published. */
  readonly data: Uint8Array;
}

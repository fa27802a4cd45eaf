/**
 * The codes of a BusError.
 *
 * - invalid_argument: what was passed is wrong; the message says what to change.
 * - unknown_topic: the method has no event option.
 * - already_bound: one group takes the same topic twice.
 * - already_stored: one of the events that were to be stored all or none is stored; none was now.
 * - too_large: the event exceeds the broker's limit.
 * - not_provisioned: a stream or group is missing and may not be made here.
 * - drift: what exists differs from what is declared and cannot be changed in place.
 * - permission_denied: the broker refuses this user.
 * - unavailable: the broker, or what a handler depends on, cannot be reached.
 * - deadline_exceeded: no answer in time; it may have happened all the same.
 * - no_leader: the server that leads a stream or group is gone, and the next is not chosen yet.
 * - resource_exhausted: too much is in flight, or the broker is short of something.
 * - stream_full: the stream is at its limits and refuses events until some go.
 * - slow_consumer: the broker gave this connection up, as it read more slowly than events came.
 * - data_loss: stored events are gone; the message says which.
 * - aborted: the caller gave up, or the bus is closed.
 * - unsupported: the broker lacks the feature.
 * - undecodable: what is stored is no event of the topic's message type.
 * - permanent: a handler says that trying again is pointless.
 * - internal: a bug, here or in the broker.
 */
export type BusCode =
  | "invalid_argument"
  | "unknown_topic"
  | "already_bound"
  | "already_stored"
  | "too_large"
  | "not_provisioned"
  | "drift"
  | "permission_denied"
  | "unavailable"
  | "deadline_exceeded"
  | "no_leader"
  | "resource_exhausted"
  | "stream_full"
  | "slow_consumer"
  | "data_loss"
  | "aborted"
  | "unsupported"
  | "undecodable"
  | "permanent"
  | "internal";

export interface BusErrorOptions {
  readonly cause?: unknown;
  /** Overrides what the code alone says about a retry. */
  readonly retryable?: boolean;
}

const retryableCodes: ReadonlySet<BusCode> = new Set([
  "unavailable",
  "deadline_exceeded",
  "no_leader",
  "resource_exhausted",
  "stream_full",
  "slow_consumer",
  "not_provisioned",
]);

/** BusError is the one error of the bus. */
export class BusError extends Error {
  override readonly name = "BusError";
  readonly code: BusCode;
  /** Whether the same call, with the same event id, may succeed later and cannot store it twice. */
  readonly retryable: boolean;

  constructor(code: BusCode, message: string, options: BusErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? retryableCodes.has(code);
  }

  /** from returns a BusError as it is, and makes anything else one with the given code. */
  static from(reason: unknown, code: BusCode = "internal"): BusError {
    if (reason instanceof BusError) return reason;
    const message = reason instanceof Error ? reason.message : String(reason);
    return new BusError(code, message, { cause: reason });
  }
}

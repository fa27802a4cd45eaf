import { brandClass } from "./kit/brand-class.ts";
import { describeReason } from "./kit/describe-reason.ts";

/**
 * The codes of a BusError.
 *
 * - invalid_argument: an argument is wrong; the message states what to change.
 * - unknown_topic: the method has no event option.
 * - already_bound: the group handles the topic already.
 * - already_stored: an event of an atomic batch was stored before, so none of the batch is stored now.
 * - too_large: the event exceeds the broker's limit.
 * - not_provisioned: a stream or group is missing, and this process may not create it.
 * - drift: broker settings differ from the declared ones and cannot be changed in place.
 * - permission_denied: the broker refuses this user.
 * - unavailable: the broker cannot be reached.
 * - deadline_exceeded: there was no answer in time; the operation may have succeeded all the same.
 * - no_leader: the stream or group has lost its leading server and has not elected another yet.
 * - resource_exhausted: too much is in flight, or the broker lacks a resource.
 * - stream_full: the stream is at its limits and rejects events until older ones are removed.
 * - slow_consumer: the broker dropped this connection because it read too slowly.
 * - data_loss: stored events are gone; the message states which.
 * - aborted: the caller aborted, or the bus is closed.
 * - unsupported: the broker lacks the feature.
 * - undecodable: the record is not an event of the topic's message type.
 * - internal: a bug in the bus or its broker.
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
  | "internal";

/** The options of a BusError. */
export interface BusErrorOptions {
  readonly cause?: unknown;
  /** Default: by the code. */
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

/**
 * The error of every method of the bus. One that escapes from a handler is an ordinary failure, whatever
 * its code: throw `PermanentError` or `DependencyUnavailableError` to decide what happens to the event.
 * `instanceof` recognizes the errors of every copy of this package.
 */
export class BusError extends Error {
  static {
    brandClass(BusError, "@fanfare/bus/BusError");
  }
  override readonly name = "BusError";
  readonly code: BusCode;
  /** Whether the same call, with the same event id, may succeed later and cannot store it twice. */
  readonly retryable: boolean;

  constructor(code: BusCode, message: string, options: BusErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? retryableCodes.has(code);
  }

  /** Returns a BusError as it is, and wraps anything else in one with the given code. */
  static from(reason: unknown, code: BusCode = "internal"): BusError {
    if (reason instanceof BusError) return reason;
    return new BusError(code, describeReason(reason), { cause: reason });
  }
}

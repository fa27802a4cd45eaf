import type { StartPosition } from "../broker.ts";
import type { Backoff } from "../kit/backoff.ts";
import type { Classify } from "./classify-failure.ts";
import type { EventLoss } from "./event-loss.ts";
import type { HandlerFailure } from "./handler-failure.ts";

/** The options of a subscription. All but `from` may differ between the processes of a group. */
export interface SubscribeOptions {
  /** Where a group that does not exist yet begins. Default: "now". */
  readonly from?: StartPosition;
  /** How many handlers run at a time, each for another key. Default: 16. */
  readonly concurrency?: number;
  /** How many more events this process leases and buffers. Default: 32. */
  readonly prefetch?: number;
  /** How long one attempt may take, in milliseconds. Default: 30,000. */
  readonly handlerTimeoutMs?: number;
  /**
   * How long the broker waits for a heartbeat before it delivers the event to another process, in
   * milliseconds. Default: 10,000.
   */
  readonly leaseDurationMs?: number;
  /** The delay before each redelivery. */
  readonly backoff?: Backoff;
  /**
   * After how many failures of its handlers, over all processes of the group, an event is dead-lettered.
   * Default: 8.
   */
  readonly maxAttempts?: number;
  /**
   * Classifies what a handler throws: "retry", "dead-letter" (at once) or "pause" (a dependency is
   * unavailable). undefined leaves it to the bus: a PermanentError dead-letters, a
   * DependencyUnavailableError pauses, and anything else retries. When it throws, the event is retried.
   */
  readonly classify?: Classify;
  /**
   * For how long after it was stored an event of another message type than the topic's is returned to the
   * broker, for a newer or older process of the group that knows the type, in milliseconds. After that it
   * is dead-lettered. Default: 600,000 (ten minutes). Infinity for ever.
   */
  readonly unknownTypeGraceMs?: number;
  /**
   * relaxed: later events of a key may overtake one that waits for its retry. strict: they wait until it
   * is handled or dead-lettered. In strict order a failed event stays in this process for all its
   * attempts, a handler that exceeds its timeout blocks its key until it returns, and a pause releases
   * nothing. Default: "relaxed".
   */
  readonly order?: "relaxed" | "strict";
  /**
   * How many events of slow keys, those blocked by strict order included, this process may hold beside
   * `concurrency` and `prefetch`. Further events of these keys return to the broker for a while, and no
   * failure is counted. Default: 1,000.
   */
  readonly maxBlocked?: number;
  /** How many of them may wait for one key. Default: 100. */
  readonly maxBlockedPerKey?: number;
  /** Called after each failed attempt, for logging. What it throws is ignored. */
  readonly onFailure?: (failure: HandlerFailure) => void;
  /**
   * Called when retention has removed events before the group had processed them, in one process of the
   * group, for logging. What it throws is ignored.
   */
  readonly onDataLoss?: (loss: EventLoss) => void;
  /** Whether each ack waits until the broker has confirmed it. Default: false. */
  readonly confirmAcks?: boolean;
}

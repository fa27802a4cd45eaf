import { BusError } from "../error.ts";
import type { PublishOptions } from "./publish-options.ts";
import type { PublishResult } from "./publish-result.ts";

/** How `publishAll` publishes. */
export interface PublishAllOptions extends Pick<PublishOptions, "signal" | "timeoutMs"> {
  /**
   * Stores all events or none. All must have the same topic, be no more than the broker's `maxBatch`
   * (1,000 on JetStream), and have ids that are not stored yet: otherwise `publishAll` rejects, with
   * `already_stored` for a stored id and `unsupported` where the broker has no batches. Default: false.
   */
  readonly atomic?: boolean;
}

/**
 * What happened to one event of `publishAll`.
 *
 * - `stored`: the broker stored it.
 * - `duplicate`: its id was stored before; nothing was stored now.
 * - `rejected`: it is not stored.
 * - `unknown`: it may be stored; publishing it again with the same id is safe.
 */
export type PublishOutcome =
  | { readonly outcome: "stored" | "duplicate"; readonly result: PublishResult }
  | { readonly outcome: "rejected" | "unknown"; readonly error: BusError };

/** The codes after which an event may be stored all the same. */
const ambiguousCodes = new Set(["deadline_exceeded", "unavailable", "aborted", "no_leader"]);

/** Waits for a publish and returns its outcome as a value. Never rejects. */
export async function settleOutcome(publishing: Promise<PublishResult>): Promise<PublishOutcome> {
  try {
    const result = await publishing;
    return { outcome: result.duplicate ? "duplicate" : "stored", result };
  } catch (reason) {
    const error = BusError.from(reason);
    return { outcome: ambiguousCodes.has(error.code) ? "unknown" : "rejected", error };
  }
}

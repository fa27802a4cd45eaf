import { CancellationScope, CancelledFailure } from "@temporalio/workflow";
import { isCancelled, isTemporalFailure } from "./describe-failure.ts";
import { findRefusal, type RefusalPredicate } from "./find-refusal.ts";

/**
 * A call that is tried as a local activity first, then as an ordinary one.
 *
 * A local activity runs within the workflow task: no task of its own, one event in the history. An ordinary
 * activity is retried and shown by Temporal. When `local` succeeds, `run` is not called. When it fails,
 * `run` takes over. A refusal is final, and so is a cancellation: `run` is not called. `local` itself is not
 * cancelled, it ends by its timeout.
 *
 * - `local` and `run` make the same idempotent call. When the worker dies, the whole workflow task runs
 *   again with all its local activities.
 * - What `local` did stays when the task is lost. When a step fails without a refusal, or is cancelled, call
 *   the steps after it up to the pivot as well, without effect: that registers their compensations.
 * - Leave `local` out when an update or a signal leads to the call. Nothing of a workflow task is stored
 *   before it ends, so a restarted Temporal could forget the update but not the effects of the call.
 * - An update that arrives meanwhile waits for `local`, and so does a compensation: give it a timeout of a second
 *   or two.
 */
export interface StepCall<T> {
  /** Calls a local activity, once. Default: only `run` is called. */
  readonly local?: (() => Promise<T>) | undefined;
  /** Calls an ordinary activity, with its retries and timeouts. */
  readonly run: () => Promise<T>;
}

/**
 * Makes a call that is no step of a saga, `local` first. Start no timer beside it that ends with `local`, and no
 * other local activity: when Temporal splits the workflow task, or the two end in another order than they
 * began, the replay fails.
 *
 * @example
 * ```ts
 * const tickets = await runLocalFirst({
 *   local: () => localActivities.printTickets("order-1"),
 *   run: () => activities.printTickets("order-1"),
 * });
 * ```
 *
 * @param isRefusal - decides which failures of `local` are final. Default: the rules of `findRefusal`.
 */
export async function runLocalFirst<T>(
  { local, run }: StepCall<T>,
  isRefusal?: RefusalPredicate,
): Promise<T> {
  if (local === undefined) return await run();
  throwIfCancelled();
  try {
    // The SDK fails the workflow task when a local activity ends while the workflow handles its cancellation.
    return await CancellationScope.nonCancellable(local);
  } catch (error) {
    const isFinal = isCancelled(error) || findRefusal(error, isRefusal) !== undefined;
    if (!isTemporalFailure(error) || isFinal) throw error;
  }
  throwIfCancelled();
  return await run();
}

function throwIfCancelled(): void {
  if (!CancellationScope.current().consideredCancelled) return;
  throw new CancelledFailure("the scope of the call is cancelled");
}

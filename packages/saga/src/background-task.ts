import { CancellationScope, isCancellation, log } from "@temporalio/workflow";
import { isTemporalFailure } from "./describe-failure.ts";

/** A function that runs in the background of a saga. */
export interface BackgroundTask {
  /** Resolves when the function has ended, also when it failed. Rejects when it has a bug. */
  readonly done: Promise<void>;
  /** Cancels the function. */
  cancel(): void;
}

/**
 * Runs a function in the background, in a scope that a cancellation of the workflow does not reach. Its
 * failures are logged under `name`.
 *
 * @example
 * ```ts
 * const notice = runInBackground("notice", () => activities.sendNotice("the printer is slow"));
 * await activities.printTickets("order-1");
 * notice.cancel();
 * ```
 */
export function runInBackground(name: string, run: () => Promise<void>): BackgroundTask {
  const nonCancellable = new CancellationScope({ cancellable: false });
  const scope = new CancellationScope({ cancellable: true, parent: nonCancellable });
  const done = scope.run(run).catch((error: unknown) => {
    if (!isTemporalFailure(error)) throw error;
    if (!isCancellation(error)) log.warn("a hook of the saga failed", { hook: name, error });
  });
  return { done, cancel: () => scope.cancel() };
}

import { type ApplicationFailure, isCancellation } from "@temporalio/workflow";
import { accountFor, isFailure, type RefusalPredicate } from "./failure.ts";

/** Tries are two ways to do the same: at once and without much ado, and with patience. */
export interface StepCall<T> {
  /**
   * first tries it once, such as by a local activity of a second or two: that runs within the workflow
   * task, and costs Temporal a line in the history where an ordinary activity costs two tasks.
   */
  readonly local?: (() => Promise<T>) | undefined;
  /** run does it. Retries and deadlines are those of the activities that it calls. */
  readonly run: () => Promise<T>;
}

/**
 * runLocalFirst yields what the first try does; when that fails, `run` goes on with it. A refusal and a
 * cancellation are final. What is tried is safe to repeat: it is made again when the worker dies meanwhile.
 *
 * Not for what an update or a signal has led to in the same workflow task: that is on record at the end of
 * the task, the effects of a local activity are there before. And nothing that the first try ends, such as
 * a timer beside it, may be begun before: where Temporal parts the task, its replay does not know of it.
 */
export async function runLocalFirst<T>(
  { local, run }: StepCall<T>,
  isRefusal: RefusalPredicate = isNonRetryable,
): Promise<T> {
  if (local === undefined) return await run();
  try {
    return await local();
  } catch (error) {
    const final = isCancellation(error) || accountFor(error, isRefusal).code !== undefined;
    if (!isFailure(error) || final) throw error;
  }
  return await run();
}

/** isNonRetryable is what a refusal is, unless a saga's options say otherwise. */
export function isNonRetryable({ nonRetryable }: ApplicationFailure): boolean {
  return nonRetryable === true;
}

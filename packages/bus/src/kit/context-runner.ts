import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";

/** Runs functions in the async context in which the runner was created. */
export type ContextRunner = <T>(run: () => T) => T;

/**
 * Creates a runner. What a function that it runs changes of its context, as `AsyncLocalStorage.enterWith`
 * does, reaches neither the caller nor later runs.
 *
 * @example
 * const runClean = createContextRunner();
 * runClean(() => console.log("without the context of the caller"));
 */
export function createContextRunner(): ContextRunner {
  const inSnapshot = AsyncLocalStorage.snapshot();
  // A resource of its own for each run: before Node.js 24, enterWith changes the current resource.
  return (run) => inSnapshot(() => new AsyncResource("fanfare").runInAsyncScope(run));
}

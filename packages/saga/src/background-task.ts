import { CancellationScope, isCancellation, log } from "@temporalio/workflow";
import { isFailure } from "./failure.ts";

/** A hook that runs in the background of a saga. */
export interface BackgroundTask {
  /** Resolves when the hook is over. A failure of it is logged and does no harm; a bug is thrown. */
  readonly done: Promise<void>;
  cancel(): void;
}

/** Starts a hook in a scope of its own, which the workflow's cancellation does not reach. */
export function runInBackground(name: string, hook: () => Promise<void>): BackgroundTask {
  const shield = new CancellationScope({ cancellable: false });
  const scope = new CancellationScope({ cancellable: true, parent: shield });
  const done = scope.run(hook).catch((error: unknown) => {
    if (!isFailure(error)) throw error;
    if (!isCancellation(error)) log.warn("a hook of the saga failed", { hook: name, error });
  });
  return { done, cancel: () => scope.cancel() };
}

/** Notice tells what holds now. Telling again cancels what is still being told. */
export interface Notice<T> {
  tell(what: T): void;
  cancel(): void;
  over(): Promise<void>;
}

/** createNotice makes a notice of a hook; without a hook it does nothing. */
export function createNotice<T>(
  name: string,
  hook: ((what: T) => Promise<void>) | undefined,
): Notice<T> {
  let last: BackgroundTask | undefined;
  return {
    tell(what) {
      last?.cancel();
      if (hook) last = runInBackground(name, () => hook(what));
    },
    cancel: () => last?.cancel(),
    over: async () => last?.done,
  };
}

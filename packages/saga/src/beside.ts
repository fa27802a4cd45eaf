import { CancellationScope, isCancellation, log } from "@temporalio/workflow";
import { isFailure } from "./failure.ts";

/** Errand is a hook that runs beside the saga. */
export interface Errand {
  /** Resolves when the hook is over. A failure of it is logged and does no harm; a bug is thrown. */
  readonly over: Promise<void>;
  cancel(): void;
}

/** runBeside starts a hook in a scope of its own, which the workflow's cancellation does not reach. */
export function runBeside(name: string, hook: () => Promise<void>): Errand {
  const shield = new CancellationScope({ cancellable: false });
  const scope = new CancellationScope({ cancellable: true, parent: shield });
  const over = scope.run(hook).catch((error: unknown) => {
    if (!isFailure(error)) throw error;
    if (!isCancellation(error)) log.warn("a hook of the saga failed", { hook: name, error });
  });
  return { over, cancel: () => scope.cancel() };
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
  let last: Errand | undefined;
  return {
    tell(what) {
      last?.cancel();
      if (hook) last = runBeside(name, () => hook(what));
    },
    cancel: () => last?.cancel(),
    over: async () => last?.over,
  };
}

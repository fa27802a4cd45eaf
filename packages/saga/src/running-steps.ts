import { isCancelled, isTemporalFailure } from "./describe-failure.ts";
import { listCauses } from "./find-refusal.ts";

/** The steps that a saga has begun. */
export interface RunningSteps {
  /** Adds a step and returns its promise, whose rejection need not be handled. */
  add<T>(step: Promise<T>): Promise<T>;
  /** Records that a step fails, before its promise rejects. */
  fail(name: string, error: unknown): void;
  /** Throws the first failure of a step, if any has failed. A cancellation is no failure. */
  throwFailure(): void;
  /** Resolves once all steps have succeeded, those too that begin meanwhile. Throws the first failure. */
  succeeded(): Promise<void>;
  /** Resolves when all steps have ended. Throws an error that is no failure of Temporal. */
  ended(): Promise<void>;
  /** Returns the name of the step that failed with this error, or whose failure it wraps. */
  findFailed(error: unknown): string | undefined;
}

/** Creates an empty list of steps. */
export function createRunningSteps(): RunningSteps {
  const running = new Set<Promise<unknown>>();
  const steps: Promise<unknown>[] = [];
  const failures = new Map<unknown, string>();

  function throwFailure(): void {
    for (const error of failures.keys()) {
      if (!isCancelled(error)) throw error;
    }
  }

  return {
    add(step) {
      steps.push(step);
      running.add(step);
      const remove = () => running.delete(step);
      step.then(remove, remove);
      return step;
    },
    fail: (name, error) => void failures.set(error, name),
    throwFailure,
    async succeeded() {
      throwFailure();
      while (running.size > 0) {
        await Promise.allSettled(running);
        throwFailure();
      }
    },
    async ended() {
      for (const settled of await Promise.allSettled(steps)) {
        if (settled.status === "rejected" && !isTemporalFailure(settled.reason)) {
          throw settled.reason;
        }
      }
    },
    findFailed(error) {
      const failed = [error, ...listCauses(error)].find((one) => failures.has(one));
      return failures.get(failed);
    },
  };
}

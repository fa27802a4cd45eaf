import { CancellationScope, CancelledFailure, isCancellation } from "@temporalio/workflow";
import { createDelayWatch } from "./delay-watch.ts";
import { describeFailure, isNonRetryable, isTemporalFailure } from "./describe-failure.ts";
import { createHookRunner } from "./hook-runner.ts";
import { createParkedSteps } from "./parked-steps.ts";
import type { CompensationCause, SagaState } from "./progress.ts";
import { runLocalFirst } from "./run-local-first.ts";
import type { Saga, SagaOptions, SagaResult, Step } from "./saga.ts";
import { createStepLog, type StepEntry } from "./step-log.ts";

interface Compensation {
  readonly entry: StepEntry;
  readonly compensate: (cause: CompensationCause) => Promise<unknown>;
}

/** What is parked when it fails: a step after the pivot, or a compensation. */
interface Parkable<T> {
  readonly entry: StepEntry;
  readonly compensation: boolean;
  readonly run: () => Promise<T>;
  readonly resolved: ((note: string) => T) | undefined;
}

/**
 * Creates a saga, for a workflow whose updates and queries reach it. `runSaga` is shorter where none do.
 *
 * @example
 * ```ts
 * import { defineQuery, setHandler } from "@temporalio/workflow";
 *
 * const saga = createSaga({ onParked: (parked) => activities.callOperator(parked) });
 * setHandler(defineQuery("progress"), () => saga.progress());
 * const result = await saga.run(async () => {
 *   await saga.step("seats", {
 *     run: () => activities.holdSeats("order-1"),
 *     compensate: () => activities.freeSeats("order-1"),
 *   });
 * });
 * ```
 */
export function createSaga(options: SagaOptions = {}): Saga {
  const isRefusal = options.isRefusal ?? isNonRetryable;
  const log = createStepLog();
  const parked = createParkedSteps();
  const onCompensating = createHookRunner("onCompensating", options.onCompensating);
  const onParked = createHookRunner("onParked", options.onParked);
  const delays = createDelayWatch(options.onDelayed);
  const nonCancellable = new CancellationScope({ cancellable: false });
  const forward = new CancellationScope({ cancellable: true, parent: nonCancellable });
  const compensations: Compensation[] = [];
  const steps: Promise<unknown>[] = [];
  /** Which step a failure came from. */
  const failedSteps = new Map<unknown, string>();
  let phase: "new" | "forward" | "compensating" | "done" = "new";
  let pivoted = false;
  let localAllowed = true;
  let cause: CompensationCause | undefined;

  function readState(): SagaState {
    if (phase === "done") return "done";
    if (parked.list().length > 0) return "parked";
    return phase === "compensating" ? "compensating" : "forward";
  }

  /** Cancels the steps, which starts the compensation. The first cause counts. */
  function cancelForward(why: CompensationCause): boolean {
    if (pivoted || phase === "done") return false;
    if (phase !== "compensating") cause ??= why;
    forward.cancel();
    return true;
  }

  /** Runs until it succeeds or an operator resolves it. */
  async function runOrPark<T>({ entry, compensation, run, resolved }: Parkable<T>): Promise<T> {
    for (;;) {
      try {
        return await run();
      } catch (error) {
        if (!isTemporalFailure(error)) throw error;
        const reason = describeFailure(error, isRefusal).message;
        const resolvable = resolved !== undefined;
        localAllowed = false;
        const decided = parked.park({ step: entry.name, compensation, reason, resolvable });
        entry.parked(reason);
        onParked.run(parked.list());
        const decision = await decided;
        entry.resumed(compensation);
        onParked.run(parked.list());
        if (decision.kind === "resolve" && resolved !== undefined) {
          entry.resolved(decision.note);
          return resolved(decision.note);
        }
      }
    }
  }

  /** Makes the call of a step: locally first, as long as no local call has failed. */
  function callStep<T>(entry: StepEntry, step: Step<T>): Promise<T> {
    const run = () => delays.watch(entry, step.delayedAfterMs, step.run);
    if (!localAllowed || step.local === undefined) return run();
    const runAfterLocal = () => {
      localAllowed = false;
      return run();
    };
    return runLocalFirst({ local: step.local, run: runAfterLocal }, isRefusal);
  }

  async function runStep<T>(entry: StepEntry, step: Step<T>): Promise<T> {
    const run = () => callStep(entry, step);
    try {
      if (forward.consideredCancelled) throw createCancelled();
      const value = pivoted
        ? await runOrPark({ entry, compensation: false, run, resolved: step.resolved })
        : await run();
      entry.done();
      return value;
    } catch (error) {
      if (isTemporalFailure(error)) {
        entry.failed(describeStepFailure(error));
        failedSteps.set(error, entry.name);
      }
      throw error;
    }
  }

  function describeStepFailure(error: unknown): string {
    if (isCancellation(error) && cause !== undefined) return `cancelled: ${cause.message}`;
    return describeFailure(error, isRefusal).message;
  }

  function findCause(error: unknown): CompensationCause {
    const { code, message } = describeFailure(error, isRefusal);
    if (isCancellation(error)) return cause ?? { kind: "cancelled", by: "request", message };
    const step = failedSteps.get(error) ?? "";
    if (code === undefined) return { kind: "failed", step, message };
    return { kind: "refused", step, code, message };
  }

  /** Waits for the steps to end, then compensates them one after another, the last one first. */
  async function compensateAll(why: CompensationCause): Promise<void> {
    cause = why;
    phase = "compensating";
    forward.cancel();
    for (const settled of await Promise.allSettled(steps)) {
      if (settled.status === "rejected" && !isTemporalFailure(settled.reason)) throw settled.reason;
    }
    onCompensating.run(why);
    for (const { entry, compensate } of compensations.toReversed()) {
      entry.compensating();
      await runOrPark<unknown>({
        entry,
        compensation: true,
        run: () => compensate(why),
        resolved: () => undefined,
      });
      entry.compensated();
    }
    onCompensating.cancel();
    onParked.cancel();
  }

  async function finish(): Promise<void> {
    await Promise.all([onCompensating.finished(), onParked.finished(), delays.finished()]);
    phase = "done";
  }

  return {
    async run<T>(body: () => Promise<T>): Promise<SagaResult<T>> {
      if (phase !== "new") throw new Error("a saga runs once: create another one");
      phase = "forward";
      CancellationScope.current().cancelRequested.catch((error: unknown) => {
        const { message } = describeFailure(error, isRefusal);
        cancelForward({ kind: "cancelled", by: "temporal", message });
      });
      let why: CompensationCause;
      try {
        const value = await forward.run(body);
        if (cause === undefined) {
          await finish();
          return { outcome: "completed", value };
        }
        why = cause;
      } catch (error) {
        if (pivoted || !isTemporalFailure(error)) throw error;
        why = findCause(error);
      }
      await nonCancellable.run(() => compensateAll(why));
      await finish();
      return { outcome: "compensated", cause: why };
    },

    step(name, step) {
      if (phase === "compensating") return Promise.reject(createCancelled());
      if (phase !== "forward") {
        const state = phase === "new" ? "has not been run" : "is done";
        const message = `the saga ${state}: step ${name} has to be called within saga.run()`;
        return Promise.reject(new Error(message));
      }
      const entry = log.start(name);
      if (step.compensate !== undefined) {
        compensations.push({ entry, compensate: step.compensate });
      }
      const result = runStep(entry, step);
      steps.push(result);
      return result;
    },

    pivot() {
      if (forward.consideredCancelled) throw createCancelled();
      pivoted = true;
    },

    cancel: (message) => cancelForward({ kind: "cancelled", by: "request", message }),
    retry: (step) => parked.decide({ kind: "retry" }, step),
    resolve: (note, step) => parked.decide({ kind: "resolve", note }, step),
    parked: () => parked.list(),
    progress: () => ({
      state: readState(),
      pivoted,
      steps: log.list(),
      ...(cause === undefined ? {} : { cause }),
    }),
  };
}

function createCancelled(): CancelledFailure {
  return new CancelledFailure("the saga is being compensated");
}

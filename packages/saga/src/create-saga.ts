import { CancellationScope, CancelledFailure } from "@temporalio/workflow";
import { createDelayWatch } from "./delay-watch.ts";
import { describeFailure, isCancelled, isTemporalFailure } from "./describe-failure.ts";
import { createHookRunner } from "./hook-runner.ts";
import { createParkedSteps } from "./parked-steps.ts";
import type { CompensationCause, SagaState } from "./progress.ts";
import { createResetWatch } from "./reset-watch.ts";
import { runLocalFirst } from "./run-local-first.ts";
import { type Parkable, runOrPark } from "./run-or-park.ts";
import { createRunningSteps } from "./running-steps.ts";
import type { Saga, SagaOptions, SagaResult, Step } from "./saga.ts";
import { createStepLog, type StepEntry } from "./step-log.ts";

interface Compensation {
  readonly entry: StepEntry;
  readonly compensate: (cause: CompensationCause) => Promise<unknown>;
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
  const { isRefusal } = options;
  const log = createStepLog();
  const parked = createParkedSteps();
  const running = createRunningSteps();
  const onCompensating = createHookRunner("onCompensating", options.onCompensating);
  const onParked = createHookRunner("onParked", options.onParked);
  const delays = createDelayWatch(options.onDelayed);
  const nonCancellable = new CancellationScope({ cancellable: false });
  const forward = new CancellationScope({ cancellable: true, parent: nonCancellable });
  const compensations: Compensation[] = [];
  const resets = createResetWatch(options.onReset && handleReset);
  /** `closing`: the saga has decided that it completes, and its hooks end. */
  let phase: "new" | "forward" | "compensating" | "closing" | "done" = "new";
  let pivoted = false;
  let localAllowed = true;
  let localRuns = false;
  let cause: CompensationCause | undefined;

  function readState(): SagaState {
    if (phase === "done") return "done";
    if (parked.list().length > 0) return "parked";
    return phase === "compensating" ? "compensating" : "forward";
  }

  /** Cancels the steps, which starts the compensation. The first cause counts. */
  function cancelForward(why: CompensationCause): boolean {
    if (pivoted || phase === "closing" || phase === "done") return false;
    if (phase !== "compensating") cause ??= why;
    forward.cancel();
    return true;
  }

  async function decideCancellation(
    decide: () => Promise<boolean>,
    why: CompensationCause,
  ): Promise<void> {
    try {
      const reset = resets.pending();
      if (reset !== undefined) await reset;
      if (await nonCancellable.run(decide)) cancelForward(why);
    } catch (error) {
      if (!isTemporalFailure(error)) throw error;
      cancelForward(why);
    }
  }

  async function handleReset(): Promise<void> {
    await options.onReset?.();
    parked.decide({ kind: "retry" });
  }

  function runOrParkOnce<T>(parkable: Parkable<T>): Promise<T> {
    const run = async () => {
      const reset = resets.pending();
      if (reset !== undefined) await reset;
      return await parkable.run();
    };
    const isParked = (error: unknown) => {
      if (!parkable.isParked(error)) return false;
      localAllowed = false;
      return true;
    };
    return runOrPark({ ...parkable, run, isParked }, { parked, onParked, isRefusal });
  }

  /** Makes the call of a step: locally first, as long as no local call has failed and while none runs. */
  function callStep<T>(entry: StepEntry, step: Step<T>): Promise<T> {
    if (forward.consideredCancelled) throw createCancelled();
    const run = () => delays.watch(entry, step.delayedAfterMs, step.run);
    const { local } = step;
    // A replay resolves local activities that ran beside each other in another order, or together.
    if (!localAllowed || localRuns || local === undefined) return run();
    const runLocally = async () => {
      localRuns = true;
      try {
        return await local();
      } finally {
        localRuns = false;
      }
    };
    const runAfterLocal = () => {
      localAllowed = false;
      return run();
    };
    return runLocalFirst({ local: runLocally, run: runAfterLocal }, isRefusal);
  }

  async function runStep<T>(entry: StepEntry, step: Step<T>): Promise<T> {
    try {
      const value = await runOrParkOnce({
        entry,
        compensation: false,
        run: () => callStep(entry, step),
        resolved: step.resolved,
        isParked(error) {
          if (pivoted && isTemporalFailure(error)) return true;
          running.fail(entry.name, error);
          return false;
        },
      });
      entry.done();
      return value;
    } catch (error) {
      if (isTemporalFailure(error)) entry.failed(describeStepFailure(error));
      throw error;
    }
  }

  function describeStepFailure(error: unknown): string {
    if (isCancelled(error) && cause !== undefined) return `cancelled: ${cause.message}`;
    return describeFailure(error, isRefusal).message;
  }

  function findCause(error: unknown): CompensationCause {
    const { code, message } = describeFailure(error, isRefusal);
    if (isCancelled(error)) return cause ?? { kind: "cancelled", by: "request", message };
    const step = running.findFailed(error) ?? "";
    if (code === undefined) return { kind: "failed", step, message };
    return { kind: "refused", step, code, message };
  }

  /** Waits for the steps to end, then compensates them one after another, the last one first. */
  async function compensateAll(why: CompensationCause): Promise<void> {
    cause = why;
    phase = "compensating";
    forward.cancel();
    await running.ended();
    onCompensating.run(why);
    for (const { entry, compensate } of compensations.toReversed()) {
      entry.compensating();
      await runOrParkOnce<unknown>({
        entry,
        compensation: true,
        run: () => compensate(why),
        resolved: () => undefined,
        isParked: isTemporalFailure,
      });
      entry.compensated();
    }
    onCompensating.cancel();
    onParked.cancel();
  }

  /**
   * Runs the body and waits for every step that it began. Closes the saga in the same moment in which it
   * decides that it completes.
   */
  async function runForward<T>(body: () => Promise<T>): Promise<{ value: T } | CompensationCause> {
    try {
      const value = await forward.run(body);
      await running.succeeded();
      if (cause !== undefined) return cause;
      phase = "closing";
      return { value };
    } catch (error) {
      if (pivoted || !isTemporalFailure(error)) throw error;
      return findCause(error);
    }
  }

  async function finish(): Promise<void> {
    await Promise.all([onCompensating.finished(), onParked.finished(), delays.finished()]);
    phase = "done";
  }

  return {
    async run<T>(body: () => Promise<T>): Promise<SagaResult<T>> {
      if (phase !== "new") throw new Error("a saga runs once: create another one");
      phase = "forward";
      resets.start();
      CancellationScope.current().cancelRequested.catch((error: unknown) => {
        const { message } = describeFailure(error, isRefusal);
        const why = { kind: "cancelled", by: "temporal", message } as const;
        if (options.onCancelRequested === undefined) cancelForward(why);
        else void decideCancellation(options.onCancelRequested, why);
      });
      try {
        const decided = await runForward(body);
        if ("value" in decided) {
          await finish();
          return { outcome: "completed", value: decided.value };
        }
        await nonCancellable.run(() => compensateAll(decided));
        await finish();
        return { outcome: "compensated", cause: decided };
      } finally {
        resets.stop();
      }
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
      return running.add(runStep(entry, step));
    },

    pivot() {
      if (forward.consideredCancelled) throw createCancelled();
      running.throwFailure();
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

import { CancellationScope, CancelledFailure, isCancellation } from "@temporalio/workflow";
import { createNotice } from "./background-task.ts";
import { watchDelays } from "./delays.ts";
import { accountFor, isFailure } from "./failure.ts";
import { createJournal, type Entry } from "./journal.ts";
import type { CompensationCause, SagaState } from "./progress.ts";
import { isNonRetryable, runLocalFirst } from "./run-local-first.ts";
import type { Saga, SagaOptions, SagaResult, Step } from "./saga.ts";
import { createWaitingRoom } from "./waiting-room.ts";

interface Compensation {
  readonly entry: Entry;
  readonly run: (cause: CompensationCause) => Promise<unknown>;
}

interface Attempt<T> {
  readonly entry: Entry;
  readonly compensation: boolean;
  readonly run: () => Promise<T>;
  readonly resolved: ((note: string) => T) | undefined;
}

/** createSaga makes a saga inside a workflow. `runSaga` is shorter where nothing else has to reach it. */
export function createSaga(options: SagaOptions = {}): Saga {
  const isRefusal = options.isRefusal ?? isNonRetryable;
  const journal = createJournal();
  const room = createWaitingRoom();
  const compensating = createNotice("onCompensating", options.onCompensating);
  const parked = createNotice("onParked", options.onParked);
  const delays = watchDelays(options.onDelayed);
  const shield = new CancellationScope({ cancellable: false });
  const forward = new CancellationScope({ cancellable: true, parent: shield });
  const compensations: Compensation[] = [];
  const running: Promise<unknown>[] = [];
  const origins = new Map<unknown, string>();
  let phase: "new" | "forward" | "compensating" | "done" = "new";
  let pivoted = false;
  let calm = true;
  let cause: CompensationCause | undefined;

  function state(): SagaState {
    if (phase === "done") return "done";
    if (room.parked().length > 0) return "parked";
    return phase === "compensating" ? "compensating" : "forward";
  }

  function abandon(why: CompensationCause): boolean {
    if (pivoted || phase === "done") return false;
    if (phase !== "compensating") cause ??= why;
    forward.cancel();
    return true;
  }

  async function insist<T>({ entry, compensation, run, resolved }: Attempt<T>): Promise<T> {
    for (;;) {
      try {
        return await run();
      } catch (error) {
        if (!isFailure(error)) throw error;
        const reason = accountFor(error, isRefusal).message;
        const resolvable = resolved !== undefined;
        calm = false;
        const decided = room.wait({ step: entry.name, compensation, reason, resolvable });
        entry.parked(reason);
        parked.tell(room.parked());
        const decision = await decided;
        entry.resumed(compensation);
        parked.tell(room.parked());
        if (decision.kind === "resolve" && resolved !== undefined) {
          entry.noted(decision.note);
          return resolved(decision.note);
        }
      }
    }
  }

  async function perform<T>(entry: Entry, step: Step<T>): Promise<T> {
    const run = () => {
      const watched = () => delays.watch(entry, step.delayedAfterMs, step.run);
      if (!calm || step.local === undefined) return watched();
      const patient = () => {
        calm = false;
        return watched();
      };
      return runLocalFirst({ local: step.local, run: patient }, isRefusal);
    };
    try {
      if (forward.consideredCancelled) throw new CancelledFailure("the saga is being compensated");
      const value = pivoted
        ? await insist({ entry, compensation: false, run, resolved: step.resolved })
        : await run();
      entry.done();
      return value;
    } catch (error) {
      if (isFailure(error)) {
        entry.failed(reasonOf(error));
        origins.set(error, entry.name);
      }
      throw error;
    }
  }

  function reasonOf(error: unknown): string {
    if (isCancellation(error) && cause !== undefined) return `cancelled: ${cause.message}`;
    return accountFor(error, isRefusal).message;
  }

  function causeOf(error: unknown): CompensationCause {
    const { code, message } = accountFor(error, isRefusal);
    if (isCancellation(error)) return { kind: "cancelled", by: "request", message };
    const step = origins.get(error) ?? "";
    if (code === undefined) return { kind: "failed", step, message };
    return { kind: "refused", step, code, message };
  }

  async function unwind(why: CompensationCause): Promise<void> {
    cause = why;
    phase = "compensating";
    forward.cancel();
    for (const settled of await Promise.allSettled(running)) {
      if (settled.status === "rejected" && !isFailure(settled.reason)) throw settled.reason;
    }
    compensating.tell(why);
    for (const { entry, run } of compensations.toReversed()) {
      entry.compensating();
      await insist<unknown>({
        entry,
        compensation: true,
        run: () => run(why),
        resolved: () => undefined,
      });
      entry.compensated();
    }
    compensating.cancel();
    parked.cancel();
  }

  async function noticesOver(): Promise<void> {
    await Promise.all([compensating.over(), parked.over(), delays.over()]);
    phase = "done";
  }

  return {
    async run<T>(body: () => Promise<T>): Promise<SagaResult<T>> {
      if (phase !== "new") throw new Error("a saga runs once");
      phase = "forward";
      CancellationScope.current().cancelRequested.catch((error: unknown) => {
        const { message } = accountFor(error, isRefusal);
        abandon({ kind: "cancelled", by: "temporal", message });
      });
      let why: CompensationCause;
      try {
        const value = await forward.run(body);
        if (cause === undefined) {
          await noticesOver();
          return { outcome: "completed", value };
        }
        why = cause;
      } catch (error) {
        if (pivoted || !isFailure(error)) throw error;
        why = isCancellation(error) ? (cause ?? causeOf(error)) : causeOf(error);
      }
      await shield.run(() => unwind(why));
      await noticesOver();
      return { outcome: "compensated", cause: why };
    },

    step(name, step) {
      if (phase !== "forward") {
        const over = `step ${name}: the saga is ${phase === "new" ? "not running" : phase}`;
        return Promise.reject(
          phase === "compensating" ? new CancelledFailure(over) : new Error(over),
        );
      }
      const entry = journal.begin(name);
      if (step.compensate !== undefined) compensations.push({ entry, run: step.compensate });
      const result = perform(entry, step);
      running.push(result);
      return result;
    },

    pivot() {
      if (forward.consideredCancelled) throw new CancelledFailure("the saga is being compensated");
      pivoted = true;
    },

    cancel: (message) => abandon({ kind: "cancelled", by: "request", message }),
    retry: (step) => room.decide({ kind: "retry" }, step),
    resolve: (note, step) => room.decide({ kind: "resolve", note }, step),
    parked: () => room.parked(),
    progress: () => ({
      state: state(),
      pivoted,
      steps: journal.steps(),
      ...(cause === undefined ? {} : { cause }),
    }),
  };
}

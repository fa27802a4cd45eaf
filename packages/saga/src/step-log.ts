import type { StepProgress } from "./progress.ts";

/** The progress of all steps, in the order in which they began. */
export interface StepLog {
  /** Adds a step. Throws when the saga already has a step of that name. */
  start(name: string): StepEntry;
  list(): readonly StepProgress[];
}

/** The entry of one step. Each method records a change with the current time. */
export interface StepEntry {
  readonly name: string;
  done(): void;
  failed(error: string): void;
  compensating(): void;
  compensated(): void;
  parked(error: string): void;
  /** Records that a parked step, or its parked compensation, runs again. */
  resumed(compensation: boolean): void;
  delayed(delayed: boolean): void;
  /** Records the note of the operator who resolved the step. */
  resolved(note: string): void;
}

/** Creates an empty log. `now` returns the time of the workflow. */
export function createStepLog(now: () => Date = () => new Date()): StepLog {
  const entries = new Map<string, StepProgress>();
  const time = () => now().toISOString();

  return {
    start(name) {
      if (entries.has(name)) {
        throw new Error(`the saga has two steps named ${name}: give each a name of its own`);
      }
      const change = (changes: Partial<StepProgress>) => {
        const before = entries.get(name) ?? { name, state: "running", startedAt: time() };
        entries.set(name, { ...before, ...changes });
      };
      change({});
      return {
        name,
        done: () => change({ state: "done", finishedAt: time() }),
        failed: (error) => change({ state: "failed", finishedAt: time(), error }),
        compensating: () => change({ state: "compensating", compensationStartedAt: time() }),
        compensated: () => change({ state: "compensated", compensatedAt: time() }),
        parked: (error) => change({ state: "parked", error }),
        resumed: (compensation) => change({ state: compensation ? "compensating" : "running" }),
        delayed: (delayed) => change({ delayed }),
        resolved: (note) => change({ note }),
      };
    },
    list: () => [...entries.values()],
  };
}

import type { StepProgress } from "./progress.ts";

/** Journal keeps the progress of each step, in the order in which they began. */
export interface Journal {
  /** begin adds a step. A second step of the same name is a bug in the workflow. */
  begin(name: string): Entry;
  steps(): readonly StepProgress[];
}

/** Entry is one step in the journal. Each method records a change of its state, now. */
export interface Entry {
  readonly name: string;
  done(): void;
  failed(error: string): void;
  compensating(): void;
  compensated(): void;
  parked(error: string): void;
  /** resumed takes a step or a compensation that was parked up again. */
  resumed(compensation: boolean): void;
  delayed(delayed: boolean): void;
  noted(note: string): void;
}

/** createJournal makes an empty journal; `now` gives the workflow's time. */
export function createJournal(now: () => Date = () => new Date()): Journal {
  const entries = new Map<string, StepProgress>();
  const time = () => now().toISOString();

  return {
    begin(name) {
      if (entries.has(name)) throw new Error(`the saga has two steps named ${name}`);
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
        noted: (note) => change({ note }),
      };
    },
    steps: () => [...entries.values()],
  };
}

import { Context } from "@temporalio/activity";
import { ApplicationFailure } from "@temporalio/common";

/** What the agency does at an attempt of a call. Attempts count from 1. */
export type Behaviour = (attempt: number) => Promise<void> | void;

/** All services of a holiday. Each workflow has a script of its own. */
export interface TravelAgency {
  readonly activities: { call(what: string): Promise<string> };
  /** Sets the behaviour of the calls of a workflow. All other calls succeed. */
  script(workflowId: string, behaviours: Record<string, Behaviour>): void;
  /** Lists the calls of a workflow, each attempt once. */
  calls(workflowId: string): readonly string[];
}

/** Creates an agency whose calls succeed. */
export function createTravelAgency(): TravelAgency {
  const scripts = new Map<string, Record<string, Behaviour>>();
  const calls = new Map<string, string[]>();
  return {
    activities: {
      async call(what) {
        const { info, cancelled } = Context.current();
        const { workflowExecution, attempt } = info;
        const { workflowId = "" } = workflowExecution ?? {};
        calls.set(workflowId, [...(calls.get(workflowId) ?? []), what]);
        await Promise.race([scripts.get(workflowId)?.[what]?.(attempt), cancelled]);
        return `${what} #${attempt}`;
      },
    },
    script: (workflowId, behaviours) => void scripts.set(workflowId, behaviours),
    calls: (workflowId) => calls.get(workflowId) ?? [],
  };
}

/** Refuses a call with a non-retryable failure. */
export function refuse(message: string): Behaviour {
  return () => {
    throw ApplicationFailure.nonRetryable(message, "failed_precondition");
  };
}

/** Fails the first attempts with a retryable failure. */
export function failTimes(times: number): Behaviour {
  return (attempt) => {
    if (attempt <= times) throw ApplicationFailure.retryable(`attempt ${attempt} failed`);
  };
}

/** Holds calls until it is opened. */
export interface Gate {
  readonly pass: Behaviour;
  readonly reached: Promise<void>;
  open(): void;
}

/** Creates a closed gate. */
export function createGate(): Gate {
  const opened = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  return {
    pass: () => {
      reached.resolve();
      return opened.promise;
    },
    reached: reached.promise,
    open: opened.resolve,
  };
}

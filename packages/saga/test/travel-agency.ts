import { Context } from "@temporalio/activity";
import { ApplicationFailure } from "@temporalio/common";

/** Behaviour is what the agency does at the n-th attempt (from 1) of a call. */
export type Behaviour = (attempt: number) => Promise<void> | void;

/** TravelAgency stands for every service that a holiday needs; each workflow has a script of its own. */
export interface TravelAgency {
  readonly activities: { call(what: string): Promise<string> };
  /** script says how calls of one workflow behave; the others succeed. */
  script(workflowId: string, behaviours: Record<string, Behaviour>): void;
  /** calls lists what was asked of the agency for one workflow, each attempt once. */
  calls(workflowId: string): readonly string[];
}

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

/** refuse says no, for good. */
export function refuse(message: string): Behaviour {
  return () => {
    throw ApplicationFailure.nonRetryable(message, "failed_precondition");
  };
}

/** failTimes fails that often in a way that can be retried. */
export function failTimes(times: number): Behaviour {
  return (attempt) => {
    if (attempt <= times) throw ApplicationFailure.retryable(`attempt ${attempt} failed`);
  };
}

/** Gate holds calls until it is opened. */
export interface Gate {
  readonly pass: Behaviour;
  readonly reached: Promise<void>;
  open(): void;
}

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

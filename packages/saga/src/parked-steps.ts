/** A step, or its compensation, that waits for an operator. */
export interface ParkedStep {
  readonly step: string;
  /** True when the compensation of the step is parked. */
  readonly compensation: boolean;
  /** The message of the failure. */
  readonly reason: string;
  /** False when it can only be retried, because the step has no `resolved`. */
  readonly resolvable: boolean;
}

/** The decision of an operator: run the step again, or go on because it was done by hand. */
export type Decision =
  | { readonly kind: "retry" }
  | { readonly kind: "resolve"; readonly note: string };

/** The parked steps of a saga. */
export interface ParkedSteps {
  /** Parks a step. Resolves with the decision of an operator. */
  park(parked: ParkedStep): Promise<Decision>;
  list(): readonly ParkedStep[];
  /**
   * Applies a decision to the named step, by default to all, and returns the names of those it applies to.
   * Only resolvable steps are resolved.
   */
  decide(decision: Decision, step?: string): readonly string[];
}

/** Creates an empty list of parked steps. */
export function createParkedSteps(): ParkedSteps {
  const waiting = new Map<ParkedStep, (decision: Decision) => void>();

  return {
    park: (parked) => new Promise((resolve) => waiting.set(parked, resolve)),
    list: () => [...waiting.keys()],
    decide(decision, step) {
      const decided: string[] = [];
      for (const [parked, resume] of waiting) {
        if (step !== undefined && step !== parked.step) continue;
        if (decision.kind === "resolve" && !parked.resolvable) continue;
        waiting.delete(parked);
        resume(decision);
        decided.push(parked.step);
      }
      return decided;
    },
  };
}

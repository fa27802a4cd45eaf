/** ParkedStep is a step, or its compensation, that waits for an operator. */
export interface ParkedStep {
  readonly step: string;
  /** True when it is the compensation that keeps failing. */
  readonly compensation: boolean;
  readonly reason: string;
  /** False when it can only be retried: nothing done by hand yields what the step does. */
  readonly resolvable: boolean;
}

/** Decision is what an operator says of a parked step: try it again, or it was dealt with by hand. */
export type Decision =
  | { readonly kind: "retry" }
  | { readonly kind: "resolve"; readonly note: string };

/** WaitingRoom holds what is parked until it is decided on. */
export interface WaitingRoom {
  wait(parked: ParkedStep): Promise<Decision>;
  parked(): readonly ParkedStep[];
  /** decide answers the steps that the decision reached: the named one, or all that it can apply to. */
  decide(decision: Decision, step?: string): readonly string[];
}

/** createWaitingRoom makes an empty one. */
export function createWaitingRoom(): WaitingRoom {
  const waiting = new Map<ParkedStep, (decision: Decision) => void>();

  return {
    wait: (parked) => new Promise((resolve) => waiting.set(parked, resolve)),
    parked: () => [...waiting.keys()],
    decide(decision, step) {
      const reached: string[] = [];
      for (const [parked, release] of waiting) {
        if (step !== undefined && step !== parked.step) continue;
        if (decision.kind === "resolve" && !parked.resolvable) continue;
        waiting.delete(parked);
        release(decision);
        reached.push(parked.step);
      }
      return reached;
    },
  };
}

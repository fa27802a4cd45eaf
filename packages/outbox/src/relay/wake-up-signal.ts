/** Bell wakes who waits for work, also when it rings just before they go to wait. */
export interface Bell {
  /** How often it has rung. */
  readonly rung: number;
  ring(): void;
  /** Resolves when it has rung more often than `since`, or after `ms`. */
  wait(since: number, ms: number): Promise<void>;
}

/** createBell makes a bell that has not rung. */
export function createBell(): Bell {
  let rung = 0;
  const waiting = new Set<() => void>();
  return {
    get rung() {
      return rung;
    },
    ring() {
      rung++;
      for (const wake of waiting) wake();
    },
    async wait(since, ms) {
      if (rung > since) return;
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, ms);
        waiting.add(wake);
      });
    },
  };
}

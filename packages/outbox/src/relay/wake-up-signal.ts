/** Wakes waiting workers. A signal that is sent just before a worker waits is not lost. */
export interface WakeUpSignal {
  /** How often the signal was sent. */
  readonly count: number;
  /** Wakes all waiting workers. */
  send(): void;
  /** Resolves once the signal was sent more often than `count`, or after `timeoutMs`. */
  wait(count: number, timeoutMs: number): Promise<void>;
}

/** Creates a signal that was never sent. */
export function createWakeUpSignal(): WakeUpSignal {
  let sent = 0;
  const waiting = new Set<() => void>();
  return {
    get count() {
      return sent;
    },
    send() {
      sent++;
      for (const wake of waiting) wake();
    },
    async wait(count, timeoutMs) {
      if (sent > count) return;
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, timeoutMs);
        waiting.add(wake);
      });
    },
  };
}

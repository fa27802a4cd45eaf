import type { BusError } from "@fanfare/bus";

/** Failure is a promise that can only fail, to race others against. */
export interface Failure {
  readonly failed: Promise<never>;
  readonly fail: (error: BusError) => void;
}

/** createFailure makes one by hand, as Node 20 has no Promise.withResolvers. */
export function createFailure(): Failure {
  let fail: Failure["fail"] = notYet;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  return { failed, fail };
}

function notYet(): void {}

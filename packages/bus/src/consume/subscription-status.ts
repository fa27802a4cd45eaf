import type { SubscriptionHealth } from "../health.ts";
import { readError } from "./read-error.ts";

/** The state of a subscription, and its last error since the last success. */
export interface SubscriptionStatus {
  state: SubscriptionHealth["state"];
  readonly lastError: Error | undefined;
  /** Records an error, or anything else that was thrown. */
  readonly recordError: (reason: unknown) => void;
  /** Forgets the last error: an event was handled. */
  readonly recordSuccess: () => void;
}

/** Creates the status of a subscription that runs. */
export function createSubscriptionStatus(): SubscriptionStatus {
  let lastError: Error | undefined;
  return {
    state: "running",
    get lastError() {
      return lastError;
    },
    recordError(reason) {
      lastError = readError(reason);
    },
    recordSuccess() {
      lastError = undefined;
    },
  };
}

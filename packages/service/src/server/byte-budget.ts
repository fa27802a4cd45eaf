import { createExhaustedError } from "../limits/exhausted-error.ts";

/** The bytes of one body, counted in the budget of a server. */
export interface ByteBudget {
  /** Throws a ConnectError `resource_exhausted` when the bodies of all calls exceed the budget. */
  take(bytes: number): void;
  /** Gives the bytes of this body back, and counts no more. */
  close(): void;
}

/** Creates the budget of the bodies that a server reads at the same time. */
export function createByteBudgets(maxBytes: number): () => ByteBudget {
  let total = 0;
  return () => {
    let taken = 0;
    let isClosed = false;
    return {
      take(bytes) {
        // What a call reads after its end is held by nobody.
        if (isClosed) return;
        if (total + bytes > maxBytes) {
          throw createExhaustedError("this server reads too many bodies at once", 1000);
        }
        total += bytes;
        taken += bytes;
      },
      close() {
        isClosed = true;
        total -= taken;
        taken = 0;
      },
    };
  };
}

import { createSaga } from "./create-saga.ts";
import type { Saga, SagaOptions, SagaResult } from "./saga.ts";

/**
 * Creates a saga and runs its body. Resolves when the saga is completed or compensated.
 *
 * @example
 * ```ts
 * const result = await runSaga(async (saga) => {
 *   await saga.step("seats", {
 *     run: () => activities.holdSeats("order-1"),
 *     compensate: () => activities.freeSeats("order-1"),
 *   });
 *   saga.pivot();
 *   return await saga.step("tickets", { run: () => activities.printTickets("order-1") });
 * });
 * ```
 */
export function runSaga<T>(
  body: (saga: Saga) => Promise<T>,
  options: SagaOptions = {},
): Promise<SagaResult<T>> {
  const saga = createSaga(options);
  return saga.run(() => body(saga));
}

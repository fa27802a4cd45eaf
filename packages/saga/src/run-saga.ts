import { createSaga } from "./create-saga.ts";
import type { Saga, SagaEnding, SagaOptions } from "./saga.ts";

/** runSaga makes a saga and runs it: `await runSaga(async (saga) => { await saga.step(...) })`. */
export function runSaga<T>(
  body: (saga: Saga) => Promise<T>,
  options: SagaOptions = {},
): Promise<SagaEnding<T>> {
  const saga = createSaga(options);
  return saga.run(() => body(saga));
}

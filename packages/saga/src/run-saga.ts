import { createSaga } from "./create-saga.ts";
import type { Saga, SagaOptions, SagaResult } from "./saga.ts";

/** runSaga makes a saga and runs it: `await runSaga(async (saga) => { await saga.step(...) })`. */
export function runSaga<T>(
  body: (saga: Saga) => Promise<T>,
  options: SagaOptions = {},
): Promise<SagaResult<T>> {
  const saga = createSaga(options);
  return saga.run(() => body(saga));
}

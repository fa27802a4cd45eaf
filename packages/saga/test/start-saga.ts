// Imported before @temporalio/workflow, whose scopes look for globals that a worker provides.
import { AsyncLocalStorage } from "node:async_hooks";
import type { Saga, SagaOptions, SagaResult } from "../src/saga.ts";

Object.assign(globalThis, { AsyncLocalStorage, __TEMPORAL_ACTIVATOR__: { hasFlag: () => true } });

/** A saga that runs in a workflow without a server. */
export interface StartedSaga<T> {
  readonly saga: Saga;
  readonly result: Promise<SagaResult<T>>;
  /** Cancels the workflow. */
  cancelWorkflow(): void;
}

/** Starts a saga. Its steps may wait for microtasks, and call nothing of Temporal. */
export async function startSaga<T>(
  body: (saga: Saga) => Promise<T>,
  options: SagaOptions = {},
): Promise<StartedSaga<T>> {
  const { RootCancellationScope } = await import("@temporalio/workflow/lib/cancellation-scope.js");
  const { createSaga } = await import("../src/create-saga.ts");
  const root = new RootCancellationScope();
  const created = Promise.withResolvers<Saga>();
  const result = root.run(async () => {
    const saga = createSaga(options);
    created.resolve(saga);
    return await saga.run(() => body(saga));
  });
  return { saga: await created.promise, result, cancelWorkflow: () => root.cancel() };
}

/** Waits for a number of microtasks. */
export async function waitTicks(count: number): Promise<void> {
  for (let tick = 0; tick < count; tick++) await Promise.resolve();
}

export { type BackgroundTask, runInBackground } from "./background-task.ts";
export { createSaga } from "./create-saga.ts";
export { type FoundRefusal, findRefusal, type RefusalPredicate } from "./find-refusal.ts";
export type { ParkedStep } from "./parked-steps.ts";
export type {
  CompensationCause,
  SagaProgress,
  SagaState,
  StepProgress,
  StepState,
} from "./progress.ts";
export { runLocalFirst, type StepCall } from "./run-local-first.ts";
export { runSaga } from "./run-saga.ts";
export type { Saga, SagaOptions, SagaResult, Step } from "./saga.ts";

export { type Errand, runBeside } from "./beside.ts";
export { createSaga } from "./create-saga.ts";
export type { RefusalPredicate } from "./failure.ts";
export type { SagaProgress, SagaState, StepProgress, StepState, UndoCause } from "./progress.ts";
export { runSaga } from "./run-saga.ts";
export type { Saga, SagaEnding, SagaOptions, Step } from "./saga.ts";
export { type Tries, tryFirst } from "./try-first.ts";
export type { ParkedStep } from "./waiting-room.ts";

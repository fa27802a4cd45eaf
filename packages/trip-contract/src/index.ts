// What the trip workflow and its callers share: constants and plain JSON. Times are ISO 8601 strings,
// amounts are safe integers in minor units. The recorded histories depend on it.

export type { SagaProgress, StepProgress } from "@fanfare/saga";
export type { Amount } from "./money.ts";
export { createTripWorkflowId, taskQueue, tripWorkflowType } from "./names.ts";
export type { CompensationResult, CompletedDrive, Refusal, TripOutcome } from "./outcomes.ts";
export {
  createRefundWorkflowId,
  type RefundInput,
  type RefundOutcome,
  refundWorkflowType,
} from "./refund.ts";
export { searchAttributes } from "./search-attributes.ts";
export { compensationSuffix, steps } from "./steps.ts";
export {
  countIncrements,
  launchTariff,
  priceDrive,
  priceLongestTrip,
  type Tariff,
} from "./tariff.ts";
export { defaultTimings, type TripTimings } from "./timings.ts";
export type { RecoveryInput, TripInput } from "./trip-input.ts";
export {
  type CancelArgument,
  type CancelUpdateResult,
  type EndArgument,
  earlyUpdateType,
  operatorUpdates,
  progressQuery,
  type ResolveArgument,
  type RetryArgument,
  refusedUpdateType,
  type StartUpdateResult,
  updates,
} from "./updates.ts";

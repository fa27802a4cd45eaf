import type { Saga } from "@fanfare/saga";
import { CancelledFailure } from "@temporalio/workflow";

/** Cancels a saga from within its body, which ends with the failure that this throws. */
export function cancelSaga(saga: Saga, reason: string): never {
  saga.cancel(reason);
  throw new CancelledFailure(reason);
}

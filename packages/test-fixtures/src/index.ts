export { type Books, openBooks, type TripAccount, type TripEffects } from "./books.ts";
export { catchRefusal } from "./catch-refusal.ts";
export {
  type CancelAccount,
  checkGrace,
  checkMinutes,
  type DriveAccount,
  type DriveTariff,
} from "./check-minutes.ts";
export { type BilledTrip, checkMoney, type PricedTrip } from "./check-money.ts";
export { completedTrip } from "./completed-trip.ts";
export { explain } from "./explain.ts";
export { openTestDatabase, type TestDatabase } from "./open-test-database.ts";
export { addPaymentMethod } from "./payment-method.ts";
export { type RestrictedTemporal, startRestrictedTemporal } from "./restricted-temporal.ts";
export { type RetryOptions, retryWhileUnavailable } from "./retry-while-unavailable.ts";
export { type SandboxRiders, startSandboxRiders } from "./sandbox-riders.ts";
export { withIdempotencyKey } from "./with-idempotency-key.ts";

import { defaultTimings, launchTariff, type TripInput } from "@fanfare/trip-contract";
import { ApplicationFailure } from "@temporalio/workflow";

const texts = ["tripId", "riderId", "vehicleId", "paymentMethod", "requestedAt"] as const;

/**
 * Checks the input of the trip workflow. Throws a non-retryable failure, which fails the workflow: no
 * retry and no other code can repair its input.
 */
export function checkTripInput(input: unknown): asserts input is TripInput {
  if (!isRecord(input)) throw createInvalidInput("it is not an object");
  for (const name of texts) {
    if (typeof input[name] !== "string" || input[name] === "") {
      throw createInvalidInput(`${name} is missing`);
    }
  }
  checkTimings(input["timings"] ?? {});
  if (input["tariff"] !== undefined) checkTariff(input["tariff"]);
  if (input["recovery"] !== undefined) checkRecovery(input["recovery"]);
}

function checkTimings(timings: unknown): void {
  if (!isRecord(timings)) throw createInvalidInput("timings is not an object");
  for (const name of Object.keys(defaultTimings)) {
    const ms = timings[name];
    if (ms === undefined) continue;
    if (typeof ms !== "number" || !(ms > 0)) {
      throw createInvalidInput(`timings.${name} is not above 0`);
    }
  }
}

const tariffNumbers = Object.entries(launchTariff).flatMap(([name, value]) =>
  typeof value === "number" ? [name] : [],
);

function checkTariff(tariff: unknown): void {
  if (!isRecord(tariff)) throw createInvalidInput("tariff is not an object");
  for (const name of ["id", "currency"]) {
    if (typeof tariff[name] !== "string") throw createInvalidInput(`tariff.${name} is missing`);
  }
  for (const name of tariffNumbers) {
    const number = tariff[name];
    if (!Number.isSafeInteger(number) || Number(number) < 0) {
      throw createInvalidInput(`tariff.${name} is not a safe integer from 0 on`);
    }
  }
  for (const name of ["incrementMs", "maximumDriveMs"]) {
    if (tariff[name] === 0) throw createInvalidInput(`tariff.${name} is not above 0`);
  }
}

function checkRecovery(recovery: unknown): void {
  if (!isRecord(recovery)) throw createInvalidInput("recovery is not an object");
  const { reason, versionFloor } = recovery;
  if (typeof reason !== "string" || reason === "") {
    throw createInvalidInput("recovery.reason is missing");
  }
  if (!Number.isSafeInteger(versionFloor)) {
    throw createInvalidInput("recovery.versionFloor is not a safe integer");
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function createInvalidInput(reason: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(`invalid trip input: ${reason}`, "InvalidInput");
}

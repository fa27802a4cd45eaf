import { durationFromMs, type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import type { OperatorTrip } from "@fanfare/contracts/trips/v1/operator_trip";
import { TariffService } from "@fanfare/contracts/trips/v1/tariffs";
import { type Address, connectTo } from "../trip/trips-client.ts";

const incrementMs = 1_000;
const price = 1n;

/**
 * Puts the tariff of the demo in force, as an operator. Its increment is a second, so that a ride of some
 * seconds shows for which of them the rider pays.
 */
export async function setDemoTariff(address: Address): Promise<void> {
  using tariffs = connectTo(TariffService, address);
  await tariffs.client.setTariff({
    tariffId: "demo",
    reason: "the demo shows the seconds of a drive",
    terms: {
      unlockFee: toMoney(100n),
      incrementPrice: toMoney(price),
      increment: durationFromMs(incrementMs),
      maximumDrive: durationFromMs(3_600_000),
      cancellationGrace: durationFromMs(120_000),
    },
  });
}

/** Returns what is wrong with the fare of a trip under the tariff of the demo; empty when nothing is. */
export function checkDemoFare({
  startedAt,
  endRequestedAt,
  endedAt,
  fare,
}: OperatorTrip): string[] {
  if (!startedAt || !endRequestedAt || !endedAt) return ["the drive has no recorded end"];
  const driveMs = readMs(endRequestedAt) - readMs(startedAt);
  const owed = BigInt(Math.ceil(driveMs / incrementMs)) * price;
  const paid = fare?.minorUnits;
  const isRight = readMs(endedAt) === readMs(endRequestedAt) && paid === owed;
  return isRight ? [] : [`expected a fare of ${owed} cents for ${driveMs} ms, got ${paid}`];
}

function toMoney(minorUnits: bigint) {
  return { minorUnits, currency: "EUR" };
}

function readMs(time: Timestamp): number {
  return Math.round(timestampMs(time));
}

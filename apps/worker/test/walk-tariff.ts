import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { DriveTariff } from "@fanfare/test-fixtures";
import * as fc from "fast-check";
import type { ServiceLab } from "./service-lab.ts";
import type { TariffHistory } from "./tariff-history.ts";

/** Durations are in milliseconds, prices in minor units. */
export interface WalkTariff {
  readonly unlockFee: number;
  readonly price: number;
  readonly incrementMs: number;
  readonly maximumDriveMs: number;
  readonly graceMs: number;
}

/** Generates tariffs. */
export const arbitraryTariff: fc.Arbitrary<WalkTariff> = fc.record({
  unlockFee: fc.integer({ min: 0, max: 300 }),
  price: fc.integer({ min: 1, max: 90 }),
  incrementMs: fc.constantFrom(1, 700, 1_000, 60_000),
  maximumDriveMs: fc.constantFrom(1_500, 600_000),
  graceMs: fc.constantFrom(0, 300, 1_000),
});

function toMoney(minorUnits: number) {
  return { minorUnits: BigInt(minorUnits), currency: "EUR" };
}

/** Puts a tariff in force for the trips that start from then on. */
export async function putInForce(
  lab: ServiceLab,
  tariff: WalkTariff,
  history?: TariffHistory,
): Promise<void> {
  const name = Object.values(tariff).join("-");
  const request = {
    tariffId: `walk-${name}`,
    terms: {
      unlockFee: toMoney(tariff.unlockFee),
      incrementPrice: toMoney(tariff.price),
      increment: durationFromMs(tariff.incrementMs),
      maximumDrive: durationFromMs(tariff.maximumDriveMs),
      cancellationGrace: durationFromMs(tariff.graceMs),
    },
  };
  const set = () => lab.tariffs.setTariff(request);
  await (history === undefined ? set() : history.record(name, set));
}

/** Returns the name under which the history of tariffs has the tariff of a trip. */
export function nameTariff(tariff: DriveTariff): string {
  const { unlockFee, incrementPrice, incrementMs, maximumDriveMs, graceMs } = tariff;
  return [unlockFee, incrementPrice, incrementMs, maximumDriveMs, graceMs].join("-");
}

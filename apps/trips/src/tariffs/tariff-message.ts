import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Duration, durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Money } from "@fanfare/contracts/money/v1/money";
import type { TariffSchema, TariffTerms } from "@fanfare/contracts/trips/v1/tariffs";
import { priceLongestTrip, type Tariff } from "@fanfare/trip-contract";

/** Converts a tariff to its message. */
export function toTariffMessage(tariff: Tariff): MessageInitShape<typeof TariffSchema> {
  const { currency } = tariff;
  const toMoney = (minorUnits: number) => ({ minorUnits: BigInt(minorUnits), currency });
  return {
    id: tariff.id,
    terms: {
      unlockFee: toMoney(tariff.unlockFee),
      incrementPrice: toMoney(tariff.incrementPrice),
      increment: durationFromMs(tariff.incrementMs),
      maximumDrive: durationFromMs(tariff.maximumDriveMs),
      cancellationGrace: durationFromMs(tariff.graceMs),
    },
  };
}

/** Reads the terms of a new tariff. Throws invalid_argument with what contradicts what. */
export function readTerms(id: string, terms: TariffTerms): Tariff {
  const { unlockFee, incrementPrice } = terms;
  const currency = unlockFee?.currency ?? "";
  if (!Intl.supportedValuesOf("currency").includes(currency)) {
    throw createInvalidTerms(`the currency ${currency} is unknown: send an ISO 4217 code`);
  }
  if (incrementPrice?.currency !== currency) {
    throw createInvalidTerms(
      `the unlock fee is in ${currency} and the price in ${incrementPrice?.currency}: send both in one currency`,
    );
  }
  const tariff: Tariff = {
    id,
    currency,
    unlockFee: readPrice("unlock_fee", unlockFee),
    incrementPrice: readPrice("increment_price", incrementPrice),
    incrementMs: readMs("increment", terms.increment),
    maximumDriveMs: readMs("maximum_drive", terms.maximumDrive),
    graceMs: readMs("cancellation_grace", terms.cancellationGrace),
  };
  checkTerms(tariff);
  return tariff;
}

function checkTerms(tariff: Tariff): void {
  const { incrementMs, maximumDriveMs, graceMs } = tariff;
  if (incrementMs < 1) throw createInvalidTerms("the increment is 0 ms: send at least 1 ms");
  if (graceMs >= maximumDriveMs) {
    throw createInvalidTerms(
      `the grace of ${graceMs} ms is not shorter than the longest drive of ${maximumDriveMs} ms: send a shorter one`,
    );
  }
  const { minorUnits } = priceLongestTrip(tariff);
  if (minorUnits < 1 || minorUnits > maxMinorUnits) {
    throw createInvalidTerms(
      `the longest drive costs ${minorUnits} minor units: it has to cost from 1 to ${maxMinorUnits}, for which a payment method can be authorised`,
    );
  }
}

/** The most that a payment method is authorised for, in minor units. */
const maxMinorUnits = 100_000_000;

function readPrice(field: string, money: Money | undefined): number {
  const minorUnits = Number(money?.minorUnits);
  if (minorUnits >= 0 && minorUnits <= maxMinorUnits) return minorUnits;
  throw createInvalidTerms(
    `${field} is ${money?.minorUnits} minor units: send 0 to ${maxMinorUnits}`,
  );
}

function readMs(field: string, duration: Duration | undefined): number {
  const ms = Number(duration?.seconds) * 1000 + Number(duration?.nanos) / 1_000_000;
  if (Number.isSafeInteger(ms) && ms >= 0) return ms;
  throw createInvalidTerms(`${field} is ${ms} ms: send whole milliseconds`);
}

function createInvalidTerms(reason: string): ConnectError {
  return new ConnectError(reason, Code.InvalidArgument);
}

import type { DriveTariff } from "./check-minutes.ts";

/** What the registry has of a trip's money. Amounts are in minor units. */
export interface PricedTrip {
  readonly tripId: string;
  readonly status: string;
  readonly fare: number | null;
  readonly settled: number | null;
  readonly tariff: DriveTariff | null;
}

/** What billing and its gateway have of a trip. Amounts are in minor units. */
export interface BilledTrip {
  readonly tripId: string;
  /** The state of the tab. Null when the trip has none. */
  readonly tab: string | null;
  /** The sum of all postings. */
  readonly postings: number;
  /** The sums of the postings of accounts: debits less credits. */
  readonly receivable: number;
  readonly fees: number;
  readonly fares: number;
  readonly refunds: number;
  readonly gateway: number;
  /** What the gateway itself has taken, and what it has given back. */
  readonly taken: number;
  readonly returned: number;
  /** The refunds that the gateway may have made, and that billing has not booked yet. */
  readonly refunding: number;
}

const launchUnlockFee = 100;

/**
 * Checks that the ledger of a trip balances, that it has what the gateway has except for a call in flight, and
 * that the rider was charged the unlock fee of the trip's tariff and its fare, each once at most, and nothing
 * else. A settled trip was captured as the registry has it, a cancelled one not at all. Throws otherwise.
 * `billed` is read after `priced`. Shares no code with what it checks.
 */
export function checkMoney(priced: PricedTrip, billed: BilledTrip): void {
  const { tripId, status, fare, settled, tariff } = priced;
  const { postings, receivable, fees, fares, refunds, gateway, taken, returned, refunding } =
    billed;
  const unlockFee = tariff === null ? launchUnlockFee : tariff.unlockFee;
  const isClosed = billed.tab === "captured" || billed.tab === "void";
  // The gateway may have taken what billing books next.
  const isCapturing = billed.tab === "capturing";
  const rules: readonly (readonly [string, boolean])[] = [
    ["postings that sum to 0", postings === 0],
    ["a tab that is closed to owe nothing", !isClosed || receivable === 0],
    ["the ledger to have what the gateway took", isCapturing || gateway + refunds === taken],
    ["refunds that the gateway made", refunds <= returned && returned <= refunds + refunding],
    ["no refund of more than was captured", returned <= taken],
    [`unlock fees of 0 or ${unlockFee}`, fees === 0 || fees === -unlockFee],
    [`fares of 0 or ${fare}`, fares === 0 || fare === null || fares === -fare],
    [`a capture of ${settled}`, status !== "SETTLED" || taken === settled],
    ["nothing captured", status !== "CANCELLED" || taken === 0],
  ];
  const broken = rules.find(([, holds]) => !holds);
  if (broken === undefined) return;
  throw new Error(
    `expected ${broken[0]} of trip ${tripId}, got ${JSON.stringify(billed)} of ${JSON.stringify(priced)}`,
  );
}

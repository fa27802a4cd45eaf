import type { Amount } from "./format-money.ts";

/** The started increments of a drive, and the price of one. */
export interface DriveCharge {
  readonly count: bigint;
  readonly incrementMs: number;
  readonly price: Amount;
}

/** A trip as a receipt shows it. All amounts are in one currency. */
export interface ReceiptTrip {
  readonly vehicleId: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly unlockFee: Amount;
  readonly fare: Amount;
  /** Absent where only the fare is known. */
  readonly charge?: DriveCharge;
  /** The captured amount. */
  readonly settled: Amount;
}

/** A refund as a receipt shows it. */
export interface ReceiptRefund {
  readonly refundedAt: Date;
  readonly refunded: Amount;
}

/** A line of a receipt with an amount. */
export type ReceiptItem = { readonly amount: Amount } & (
  | { readonly kind: "unlockFee" | "adjustment" | "charged" }
  | { readonly kind: "drive"; readonly charge: DriveCharge | undefined }
  | { readonly kind: "refund"; readonly refundedAt: Date }
);

/** The lines of a receipt that have an amount, and their sum. */
export interface ReceiptItems {
  readonly items: readonly ReceiptItem[];
  /** What the rider has paid after all refunds: the sum of the items. */
  readonly total: Amount;
}

/**
 * Lists what was charged and refunded. `charged` is the trip, or the captured amount where the event of the trip
 * is not stored.
 */
export function listItems(
  charged: ReceiptTrip | Amount,
  refunds: readonly ReceiptRefund[],
): ReceiptItems {
  const settled = "settled" in charged ? charged.settled : charged;
  const items: readonly ReceiptItem[] = [
    ...("settled" in charged
      ? listCharges(charged)
      : [{ kind: "charged", amount: settled } as const]),
    ...refunds.map(({ refundedAt, refunded }) => ({
      kind: "refund" as const,
      refundedAt,
      amount: { ...refunded, minorUnits: -refunded.minorUnits },
    })),
  ];
  const refunded = refunds.reduce((sum, refund) => sum + refund.refunded.minorUnits, 0n);
  return { items, total: { ...settled, minorUnits: settled.minorUnits - refunded } };
}

function listCharges({ unlockFee, fare, charge, settled }: ReceiptTrip): readonly ReceiptItem[] {
  // What an operator settled by hand in place of a charge or the capture.
  const minorUnits = settled.minorUnits - unlockFee.minorUnits - fare.minorUnits;
  return [
    { kind: "unlockFee", amount: unlockFee },
    { kind: "drive", amount: fare, charge },
    ...(minorUnits === 0n
      ? []
      : [{ kind: "adjustment" as const, amount: { ...settled, minorUnits } }]),
  ];
}

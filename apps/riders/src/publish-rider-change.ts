import { type RiderChange, RiderEvents } from "@fanfare/contracts/riders/v1/rider_events";
import { outbox } from "@fanfare/outbox";
import type { Transaction } from "kysely";
import type { RidersTables } from "./tables.ts";

/** A change of a rider. */
export interface Change {
  readonly change: RiderChange;
  /** The payment method that was added or removed. */
  readonly paymentMethodId?: string;
}

/** Writes RiderChanged to the outbox. It is published if, and only if, the transaction commits. */
export async function publishRiderChange(
  tx: Transaction<RidersTables>,
  riderId: string,
  change: Change,
): Promise<void> {
  await outbox(tx, RiderEvents).riderChanged({ riderId, ...change });
}

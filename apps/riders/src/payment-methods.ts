import { Code, ConnectError } from "@connectrpc/connect";
import type { AddPaymentMethodRequest } from "@fanfare/contracts/riders/v1/riders";
import { type Kysely, sql, type Transaction } from "kysely";
import { lockRider } from "./profiles.ts";
import type { PaymentMethodRow, RidersTables } from "./tables.ts";

/** The most payment methods of a rider. */
const maxPaymentMethods = 20;

/** A payment method, and whether it is new. */
export interface AddedPaymentMethod {
  readonly method: PaymentMethodRow;
  readonly isNew: boolean;
}

/**
 * Adds a payment method to a rider, or returns the one that has the gateway's token. Throws resource_exhausted
 * when the rider has 20.
 */
export async function addPaymentMethod(
  tx: Transaction<RidersTables>,
  riderId: string,
  { gatewayToken, label }: AddPaymentMethodRequest,
): Promise<AddedPaymentMethod> {
  await lockRider(tx, riderId);
  const methods = await listPaymentMethods(tx, riderId);
  const method = methods.find(({ gateway_token }) => gateway_token === gatewayToken);
  if (method !== undefined) return { method, isNew: false };
  if (methods.length >= maxPaymentMethods) {
    throw new ConnectError(
      `a rider has ${maxPaymentMethods} payment methods at most: remove one with RemovePaymentMethod`,
      Code.ResourceExhausted,
    );
  }
  const added = await tx
    .insertInto("payment_methods")
    .values({ rider_id: riderId, gateway_token: gatewayToken, label })
    .returningAll()
    .executeTakeFirstOrThrow();
  return { method: added, isNew: true };
}

/** Returns the payment methods of a rider, oldest first. */
export function listPaymentMethods(
  db: Kysely<RidersTables>,
  riderId: string,
): Promise<PaymentMethodRow[]> {
  return selectPaymentMethods(db, riderId)
    .orderBy("added_at")
    .orderBy("payment_method_id")
    .execute();
}

/** Returns a payment method of a rider. Throws not_found when the rider has none with this id. */
export async function getPaymentMethod(
  db: Kysely<RidersTables>,
  riderId: string,
  paymentMethodId: string,
): Promise<PaymentMethodRow> {
  const method = await selectPaymentMethods(db, riderId)
    // Compared as texts: the id may be anything.
    .where(sql`payment_method_id::text`, "=", paymentMethodId.toLowerCase())
    .executeTakeFirst();
  if (method !== undefined) return method;
  throw new ConnectError(
    `the payment method is not one of the rider: choose one from ListPaymentMethods, or add it with AddPaymentMethod`,
    Code.NotFound,
  );
}

/** Removes a payment method of a rider. Returns whether there was one. */
export async function removePaymentMethod(
  tx: Transaction<RidersTables>,
  riderId: string,
  paymentMethodId: string,
): Promise<boolean> {
  await tx
    .selectFrom("riders")
    .select("rider_id")
    .where("rider_id", "=", riderId)
    .forUpdate()
    .execute();
  const { numDeletedRows } = await tx
    .deleteFrom("payment_methods")
    .where("rider_id", "=", riderId)
    .where("payment_method_id", "=", paymentMethodId)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

function selectPaymentMethods(db: Kysely<RidersTables>, riderId: string) {
  return db.selectFrom("payment_methods").selectAll().where("rider_id", "=", riderId);
}

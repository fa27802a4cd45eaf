import { sql, type Transaction } from "kysely";
import type { GatewayRejection, PaymentGateway } from "./gateway.ts";
import { findRefundRejection } from "./sandbox-methods.ts";
import type { SandboxTables } from "./tables.ts";

/** Refunds a capture of the sandbox, once for each key. Throws beyond what is captured and not refunded. */
export async function refundInSandbox(
  tx: Transaction<SandboxTables>,
  { key, captureKey, amount }: Parameters<PaymentGateway["refund"]>[0],
): Promise<{ outcome: "refunded" } | GatewayRejection> {
  const capture = await tx
    .selectFrom("sandbox_captures")
    .innerJoin(
      "sandbox_authorisations",
      "sandbox_authorisations.authorisation_key",
      "sandbox_captures.authorisation_key",
    )
    .select(["sandbox_captures.minor_units", "currency", "payment_method", "taken"])
    .where("capture_key", "=", captureKey)
    .forUpdate("sandbox_captures")
    .executeTakeFirstOrThrow();
  const rejection = findRefundRejection(capture.payment_method);
  const known = await tx
    .selectFrom("sandbox_refunds")
    .select("refund_key")
    .where("refund_key", "=", key)
    .executeTakeFirst();
  if (known !== undefined) return rejection ?? { outcome: "refunded" };
  const { refunded } = await tx
    .selectFrom("sandbox_refunds")
    .select(sql<string>`coalesce(sum(minor_units) filter (where given), 0)::bigint`.as("refunded"))
    .where("capture_key", "=", captureKey)
    .executeTakeFirstOrThrow();
  const left = capture.taken ? BigInt(capture.minor_units) - BigInt(refunded) : 0n;
  if (amount.currency !== capture.currency || amount.minorUnits > left) {
    throw new Error(`a refund of ${captureKey} is more than what is left of it`);
  }
  await tx
    .insertInto("sandbox_refunds")
    .values({
      refund_key: key,
      capture_key: captureKey,
      minor_units: amount.minorUnits,
      given: rejection === undefined,
    })
    .execute();
  return rejection ?? { outcome: "refunded" };
}

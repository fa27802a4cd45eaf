import { createHash } from "node:crypto";

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/**
 * Returns the id of the refund that an operator decided under an idempotency key: the key when it is a UUID, and
 * otherwise a hash of it. A key may be too long for the keys of billing, or have characters that no id of an
 * event has; the id of a refund is part of both.
 */
export function createRefundId(key: string): string {
  return uuid.test(key) ? key : createHash("sha256").update(key).digest("hex");
}

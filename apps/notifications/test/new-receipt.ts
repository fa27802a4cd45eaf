import type { NewReceipt } from "../src/store.ts";

/** Creates the receipt of a trip of ada. `fields` replaces single fields. */
export function newReceipt(fields: Partial<NewReceipt>): NewReceipt {
  return {
    trip_id: crypto.randomUUID(),
    rider_id: "ada",
    refund_id: null,
    event: null,
    subject: "Hi",
    text: "Thanks",
    ...fields,
  };
}

import type { Kysely } from "kysely";
import type { PaymentGateway } from "./gateway.ts";
import type { BillingTables } from "./tables.ts";

/** Billing is what the calls of BillingService work with. */
export interface Billing {
  readonly db: Kysely<BillingTables>;
  readonly gateway: PaymentGateway;
}

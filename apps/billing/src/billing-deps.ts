import type { Kysely } from "kysely";
import type { PaymentGateway } from "./gateway.ts";
import type { BillingTables } from "./tables.ts";

/** The dependencies of the methods of BillingService. */
export interface BillingDeps {
  readonly db: Kysely<BillingTables>;
  readonly gateway: PaymentGateway;
}

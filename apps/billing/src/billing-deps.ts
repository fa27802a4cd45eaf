import type { Kysely } from "kysely";
import type { PaymentGateway } from "./gateway.ts";
import type { PaymentMethods } from "./payment-methods.ts";
import type { BillingTables } from "./tables.ts";

/** The dependencies of the methods of BillingService. */
export interface BillingDeps {
  readonly db: Kysely<BillingTables>;
  readonly gateway: PaymentGateway;
  readonly paymentMethods: PaymentMethods;
}

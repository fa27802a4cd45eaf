import { sql } from "kysely";
import { incomeAccounts } from "./accounts.ts";

const names = incomeAccounts.map((account) => sql.lit(account));

/** Selects the postings of the accounts whose credits are what a rider was charged. */
export const isIncome = sql<boolean>`account in (${sql.join(names)})`;

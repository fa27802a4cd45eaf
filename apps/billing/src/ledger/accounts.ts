/** The accounts of the ledger, as the values of the proto enum Account. */
export const accounts = [
  "RECEIVABLE",
  "FEES",
  "FARES",
  "OTHER_CHARGES",
  "REFUNDS",
  "ADJUSTMENTS",
  "GATEWAY",
] as const;

/** An account of the ledger. */
export type Account = (typeof accounts)[number];

/** The accounts whose credits less debits are what riders were charged. */
export const incomeAccounts: readonly Account[] = ["FEES", "FARES", "OTHER_CHARGES", "REFUNDS"];

/** Why a transaction is posted, as the values of the proto enum TransactionKind. */
export const transactionKinds = ["CHARGE", "REVERSAL", "CAPTURE", "WRITE_OFF", "REFUND"] as const;

/** Why a transaction is posted. */
export type TransactionKind = (typeof transactionKinds)[number];

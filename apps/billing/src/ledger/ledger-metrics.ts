import type { Metric } from "@fanfare/service";
import type { Kysely } from "kysely";
import type { BillingTables } from "../tables.ts";
import { findLedgerFaults, type LedgerFault } from "./find-ledger-faults.ts";

/** The check reads the whole ledger: not at each scrape. */
const intervalMs = 60_000;
const maxFaults = 100;

/**
 * Creates a function that returns the metrics of the ledger, which it checks once a minute at most, also
 * when the check fails.
 */
export function createLedgerMetrics(
  db: Kysely<BillingTables>,
  now: () => number = () => performance.now(),
): () => Promise<readonly Metric[]> {
  let check: { readonly at: number; readonly faults: Promise<LedgerFault[]> } | undefined;
  return async () => {
    const time = now();
    if (check === undefined || time - check.at >= intervalMs) {
      check = { at: time, faults: findLedgerFaults(db, maxFaults) };
    }
    const { length } = await check.faults;
    return [
      {
        name: "fanfare_billing_ledger_faults",
        help: "Trips whose tab and ledger disagree, 100 at most. Call CheckLedger for them.",
        type: "gauge",
        samples: [{ labels: {}, value: length }],
      },
    ];
  };
}

import { type BusCode, BusError } from "@fanfare/bus";
import { readErrorCode } from "@fanfare/database-errors";

const undefinedTable = "42P01";

/** Waits for `work`, and converts the error of a missing table to a BusError that names its migration. */
export async function explainMissingTable<T>(
  table: "inbox" | "outbox",
  work: Promise<T>,
  code: BusCode = "not_provisioned",
): Promise<T> {
  try {
    return await work;
  } catch (reason) {
    if (readErrorCode(reason) !== undefinedTable) throw reason;
    throw new BusError(code, `the table ${table} does not exist: run ${table}Migration`, {
      cause: reason,
    });
  }
}

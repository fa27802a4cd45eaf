import { type BusCode, BusError } from "@fanfare/bus";
import { readErrorCode } from "@fanfare/database-errors";

/** What PostgreSQL calls a table that is missing. */
const noSuchTable = "42P01";

/** needing turns the error of a table that no migration has made yet into a BusError that says so. */
export async function needing<T>(
  table: "inbox" | "outbox",
  work: Promise<T>,
  code: BusCode = "not_provisioned",
): Promise<T> {
  try {
    return await work;
  } catch (reason) {
    if (readErrorCode(reason) !== noSuchTable) throw reason;
    throw new BusError(code, `there is no table ${table}: run ${table}Migration`, {
      cause: reason,
    });
  }
}

import { BusError } from "@fanfare/bus";
import { readErrorCode } from "@fanfare/database-errors";

const undefinedTable = "42P01";
const undefinedColumn = "42703";

/**
 * Waits for `work`, and converts the error of a missing table or column to a BusError `not_provisioned` that
 * names its migration.
 */
export async function explainMissingTable<T>(
  table: "inbox" | "outbox",
  work: Promise<T>,
): Promise<T> {
  try {
    return await work;
  } catch (reason) {
    const missing = describeMissing(table, reason);
    if (missing === undefined) throw reason;
    throw new BusError("not_provisioned", missing, { cause: reason });
  }
}

function describeMissing(table: "inbox" | "outbox", reason: unknown): string | undefined {
  const code = readErrorCode(reason);
  const { message } = reason instanceof Error ? reason : { message: "" };
  if (code === undefinedColumn && message.includes("transaction_id")) {
    return "the table outbox has no column transaction_id: run outboxKeysMigration";
  }
  if (code !== undefinedTable) return undefined;
  if (message.includes("outbox_keys")) {
    return "the table outbox_keys does not exist: run outboxMigration and outboxKeysMigration";
  }
  return `the table ${table} does not exist: run ${table}Migration`;
}

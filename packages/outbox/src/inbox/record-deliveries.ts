import { BusError, type Delivery, DependencyUnavailableError } from "@fanfare/bus";
import { CompiledQuery, type Transaction } from "kysely";
import { checkColumns } from "../check-columns.ts";
import { explainMissingTable } from "../missing-table.ts";

/** The deliveries to record, and by whom. */
export interface RecordOptions {
  readonly deliveries: readonly Delivery[];
  /** The name of this process. */
  readonly process: string;
  /** A SQL comment to begin the statement with. */
  readonly comment: string;
}

/** The result of `recordDeliveries`. */
export interface RecordResult {
  /** The deliveries that their groups had not handled before. */
  readonly fresh: readonly Delivery[];
  /** The id of the transaction, an xid8 in decimal digits. Undefined when no delivery is new. */
  readonly transactionId: string | undefined;
}

type RecordKey = Pick<Delivery, "group" | "topic" | "id">;

/** An inserted row. Its key is returned for several deliveries only. */
interface InsertedRow extends Partial<RecordKey> {
  readonly transaction: string;
}

/**
 * Records the deliveries as handled by their groups. Waits for a transaction that records the same
 * event. Throws a DependencyUnavailableError without the table, because no event is at fault while a
 * migration runs.
 */
export async function recordDeliveries<DB>(
  tx: Transaction<DB>,
  { deliveries, process, comment }: RecordOptions,
): Promise<RecordResult> {
  const single = deliveries.length === 1;
  const text = single ? insertOne : `${composeInsert(deliveries.length)}${returnedKey}`;
  const values = (single ? deliveries : sortByKey(deliveries)).flatMap(
    ({ group, topic, id, attempt }) => [group, topic, id, attempt, process],
  );
  const query = CompiledQuery.raw(`${comment} ${text}`, values);
  // Plugins could change the returned rows.
  const insert = tx.withoutPlugins().executeQuery<InsertedRow>(query);
  const { rows } = await explainMissingTable("inbox", insert).catch((reason: unknown) => {
    if (!(reason instanceof BusError)) throw reason;
    throw new DependencyUnavailableError(reason.message, { cause: reason });
  });
  checkColumns(rows, single ? ["transaction"] : ["transaction", "group", "topic", "id"]);
  const transactionId = rows[0]?.transaction;
  if (single) return { fresh: rows.length === 1 ? deliveries : [], transactionId };
  const inserted = new Set(rows.map(formatKey));
  // `delete` keeps the first of two deliveries of the same event.
  const fresh = deliveries.filter((delivery) => inserted.delete(formatKey(delivery)));
  return { fresh, transactionId };
}

const parametersPerRow = 5;

/** The most deliveries of one statement, which PostgreSQL limits to 65,535 parameters. */
export const maxRecorded: number = Math.floor(65_535 / parametersPerRow);

/** Composes the statement as text, which is cheaper than a query builder for every event. */
function composeInsert(count: number): string {
  const rows = Array.from({ length: count }, (_, row) => {
    const at = row * parametersPerRow;
    return `($${at + 1}, $${at + 2}, $${at + 3}, $${at + 4}, $${at + 5})`;
  });
  return `insert into inbox (group_name, topic, event_id, attempt, process)
values ${rows.join(", ")} on conflict do nothing returning pg_current_xact_id()::text as transaction`;
}

const insertOne = composeInsert(1);
const returnedKey = `, group_name as "group", topic, event_id as id`;

/** Sorts deliveries the same way in every process, so that two batches never deadlock. */
function sortByKey(deliveries: readonly Delivery[]): Delivery[] {
  return deliveries
    .map((delivery) => ({ delivery, key: formatKey(delivery) }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ delivery }) => delivery);
}

function formatKey({ group, topic, id }: Partial<RecordKey>): string {
  return `${group}\n${topic}\n${id}`;
}

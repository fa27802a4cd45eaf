import type { Delivery } from "@fanfare/bus";
import { CompiledQuery, type Transaction } from "kysely";
import { needing } from "../missing-table.ts";

export interface RecordOptions {
  readonly deliveries: readonly Delivery[];
  /** Who records. */
  readonly process: string;
  /** A comment for the statement to begin with. */
  readonly tag: string;
}

export interface Recorded {
  /** The deliveries that are new to their groups. */
  readonly fresh: readonly Delivery[];
  /** The transaction's id, an xid8 in decimal digits. Undefined when nothing is new. */
  readonly transaction: string | undefined;
}

type Name = Pick<Delivery, "group" | "topic" | "id">;

/** RecordRow names what was recorded where it was one of several. */
interface RecordRow extends Partial<Name> {
  readonly transaction: string;
}

/** record writes down what is new to its group. It waits for whoever records the same now. */
export async function record<DB>(
  tx: Transaction<DB>,
  { deliveries, process, tag }: RecordOptions,
): Promise<Recorded> {
  const one = deliveries.length === 1;
  const text = one ? insertOne : `${insertInto(deliveries.length)}${names}`;
  const values = (one ? deliveries : inOneOrder(deliveries)).flatMap(
    ({ group, topic, id, attempt }) => [group, topic, id, attempt, process],
  );
  const query = CompiledQuery.raw(`${tag} ${text}`, values);
  // Plugins may change what comes back.
  const insert = tx.withoutPlugins().executeQuery<RecordRow>(query);
  // No event is to blame, nor to be given up, because a migration takes its time.
  const { rows } = await needing("inbox", insert, "unavailable");
  const transaction = rows[0]?.transaction;
  if (one) return { fresh: rows.length === 1 ? deliveries : [], transaction };
  const recorded = new Set(rows.map(nameOf));
  // Of an event that is there twice, the first.
  return { fresh: deliveries.filter((delivery) => recorded.delete(nameOf(delivery))), transaction };
}

/** The most that one statement records: it takes 65,535 parameters, five for each. */
export const mostRecorded = 13_107;

/** insertInto is written as text, once for the usual case: it is sent for each event. */
function insertInto(count: number): string {
  const rows = Array.from({ length: count }, (_, row) => {
    const at = row * 5;
    return `($${at + 1}, $${at + 2}, $${at + 3}, $${at + 4}, $${at + 5})`;
  });
  return `insert into inbox (group_name, topic, event_id, attempt, process)
values ${rows.join(", ")} on conflict do nothing returning pg_current_xact_id()::text as transaction`;
}

const insertOne = insertInto(1);
const names = `, group_name as "group", topic, event_id as id`;

/** inOneOrder is the same everywhere, so that two batches never wait for each other. */
function inOneOrder(deliveries: readonly Delivery[]): Delivery[] {
  return deliveries
    .map((delivery) => ({ delivery, name: nameOf(delivery) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ delivery }) => delivery);
}

function nameOf({ group, topic, id }: Partial<Name>): string {
  return `${group}\n${topic}\n${id}`;
}

import type { Delivery } from "@fanfare/bus";
import { CompiledQuery, type Transaction } from "kysely";
import { needing } from "./missing-table.ts";

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
  const sorted = one ? deliveries : inOneOrder(deliveries);
  // Written as text, and naming the rows only where there are several: it is sent for each event.
  const insert = CompiledQuery.raw(
    `${tag} insert into inbox (group_name, topic, event_id, attempt, process)
values ${sorted.map(placesOf).join(", ")} on conflict do nothing
returning pg_current_xact_id() as transaction${one ? "" : names}`,
    sorted.flatMap(({ group, topic, id, attempt }) => [group, topic, id, attempt, process]),
  );
  // No event is to blame, nor to be given up, because a migration takes its time.
  const { rows } = await needing("inbox", tx.executeQuery<RecordRow>(insert), "unavailable");
  const transaction = rows[0]?.transaction;
  if (one) return { fresh: rows.length === 1 ? deliveries : [], transaction };
  const recorded = new Set(rows.map(nameOf));
  // Of an event that is there twice, the first.
  return { fresh: deliveries.filter((delivery) => recorded.delete(nameOf(delivery))), transaction };
}

const names = `, group_name as "group", topic, event_id as id`;

/** inOneOrder is the same everywhere, so that two batches never wait for each other. */
function inOneOrder(deliveries: readonly Delivery[]): Delivery[] {
  return deliveries
    .map((delivery) => ({ delivery, name: nameOf(delivery) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ delivery }) => delivery);
}

/** placesOf are the places for the parameters of the n-th row. */
function placesOf(_: Delivery, n: number): string {
  const first = n * 5;
  return `($${first + 1}, $${first + 2}, $${first + 3}, $${first + 4}, $${first + 5})`;
}

function nameOf({ group, topic, id }: Partial<Name>): string {
  return `${group}\n${topic}\n${id}`;
}

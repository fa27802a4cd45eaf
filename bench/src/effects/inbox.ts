import { inbox, inboxBatch } from "@fanfare/outbox";
import { type Kysely, sql } from "kysely";
import { format, inRounds, rowOf } from "../compare.ts";
import type { Row, Table } from "../report.ts";
import { deliveryOf, type EffectsDatabase, type Lab, rateOf } from "./lab.ts";

const rounds = 9;
const connections = 8;
const count = 4_000;
const unit = "events/s";

/** oneByOne handles events through the inbox, one in each transaction. */
function oneByOne(db: Kysely<EffectsDatabase>, atOnce: number): Promise<number> {
  const handle = inbox<string, EffectsDatabase>(db, async (note, tx) => {
    await tx.insertInto("effects").values({ note }).execute();
  });
  return rateOf({ count, atOnce }, () => handle("note", deliveryOf()));
}

/** bareLoop writes the same two rows by hand. */
function bareLoop(db: Kysely<EffectsDatabase>, atOnce: number): Promise<number> {
  return rateOf({ count, atOnce }, () =>
    db.transaction().execute(async (tx) => {
      const { group, topic, id, attempt } = deliveryOf();
      await sql`
        insert into inbox (group_name, topic, event_id, attempt, process)
        values (${group}, ${topic}, ${id}, ${attempt}, 'bench')`.execute(tx);
      await tx.insertInto("effects").values({ note: "note" }).execute();
    }),
  );
}

function batched(db: Kysely<EffectsDatabase>, size: number): Promise<number> {
  const handle = inboxBatch<string, EffectsDatabase>(
    db,
    async (events, tx) => {
      const rows = events.map(({ message }) => ({ note: message }));
      await tx.insertInto("effects").values(rows).execute();
    },
    { maxBatchSize: size, workers: 2 },
  );
  const many = { count: 5 * count, atOnce: 2 * size };
  return rateOf(many, () => handle("note", deliveryOf()));
}

/** inboxRows compares the inbox with the bare loop, and batches with one by one. */
export async function inboxRows(lab: Lab): Promise<Row[]> {
  const db = lab.connect(connections);
  const bare = await inRounds(rounds, {
    ours: () => oneByOne(db, connections),
    base: () => bareLoop(db, connections),
  });
  const batches = await inRounds(rounds, {
    ours: () => batched(db, 100),
    base: () => oneByOne(db, connections),
  });
  return [
    rowOf({ name: "inbox-one-by-one", target: 0.8, kind: "rate", unit }, bare),
    rowOf({ name: "inbox-batch", target: 5, kind: "rate", unit }, batches),
  ];
}

/** inboxTables is how throughput grows with connections and with the size of a batch. */
export async function inboxTables(lab: Lab): Promise<Table[]> {
  const byConnections: string[][] = [];
  for (const each of [1, 2, 4, 8, 16]) {
    const db = lab.connect(each);
    const ours = await oneByOne(db, each);
    byConnections.push([String(each), format(ours), format(await bareLoop(db, each))]);
  }
  const bySize: string[][] = [];
  for (const size of [1, 10, 50, 100, 500]) {
    bySize.push([String(size), format(await batched(lab.connect(2), size))]);
  }
  return [
    {
      name: "One by one, events/s by connections",
      columns: ["connections", "inbox", "bare loop"],
      rows: byConnections,
    },
    { name: "inboxBatch, events/s by size", columns: ["size", "inboxBatch"], rows: bySize },
  ];
}

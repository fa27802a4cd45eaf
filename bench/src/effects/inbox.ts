import { inbox, inboxBatch } from "@fanfare/outbox";
import { type Kysely, sql } from "kysely";
import { format, inRounds, summarize } from "../compare.ts";
import type { Row, Table } from "../report.ts";
import { createDelivery, type EffectsDatabase, type Lab, measureRate } from "./lab.ts";

const rounds = 9;
const connections = 8;
const count = 4_000;
const unit = "events/s";

/** Measures the inbox with one event in each transaction. */
function measureInbox(db: Kysely<EffectsDatabase>, atOnce: number): Promise<number> {
  const handle = inbox<string, EffectsDatabase>(db, async (note, tx) => {
    await tx.insertInto("effects").values({ note }).execute();
  });
  return measureRate({ count, atOnce }, () => handle("note", createDelivery()));
}

/** Measures a loop that writes the same two rows without the inbox. */
function measureBareLoop(db: Kysely<EffectsDatabase>, atOnce: number): Promise<number> {
  return measureRate({ count, atOnce }, () =>
    db.transaction().execute(async (tx) => {
      const { group, topic, id, attempt } = createDelivery();
      await sql`
        insert into inbox (group_name, topic, event_id, attempt, process)
        values (${group}, ${topic}, ${id}, ${attempt}, 'bench')`.execute(tx);
      await tx.insertInto("effects").values({ note: "note" }).execute();
    }),
  );
}

/** Measures `inboxBatch` with two workers. */
function measureBatches(db: Kysely<EffectsDatabase>, size: number): Promise<number> {
  const handle = inboxBatch<string, EffectsDatabase>(
    db,
    async (events, tx) => {
      const rows = events.map(({ message }) => ({ note: message }));
      await tx.insertInto("effects").values(rows).execute();
    },
    { maxBatchSize: size, workers: 2 },
  );
  const many = { count: 5 * count, atOnce: 2 * size };
  return measureRate(many, () => handle("note", createDelivery()));
}

/** Compares the inbox with the bare loop, and batches with single events. */
export async function measureInboxRows(lab: Lab): Promise<Row[]> {
  const db = lab.connect(connections);
  const bare = await inRounds(rounds, {
    ours: () => measureInbox(db, connections),
    base: () => measureBareLoop(db, connections),
  });
  const batches = await inRounds(rounds, {
    ours: () => measureBatches(db, 100),
    base: () => measureInbox(db, connections),
  });
  return [
    summarize({ name: "inbox-one-by-one", target: 0.8, kind: "rate", unit }, bare),
    summarize({ name: "inbox-batch", target: 5, kind: "rate", unit }, batches),
  ];
}

/** Measures throughput by number of connections and by size of a batch. */
export async function measureInboxTables(lab: Lab): Promise<Table[]> {
  const byConnections: string[][] = [];
  for (const each of [1, 2, 4, 8, 16]) {
    const db = lab.connect(each);
    const ours = await measureInbox(db, each);
    byConnections.push([String(each), format(ours), format(await measureBareLoop(db, each))]);
  }
  const bySize: string[][] = [];
  for (const size of [1, 10, 50, 100, 500]) {
    bySize.push([String(size), format(await measureBatches(lab.connect(2), size))]);
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

import { create, toBinary } from "@bufbuild/protobuf";
import { createPublisher, type EventBus } from "@fanfare/bus";
import { NoteEvents, NoteSchema } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
import { waitUntil } from "@fanfare/dev-stack";
import { readOutboxState, startRelay } from "@fanfare/outbox";
import { type Kysely, sql } from "kysely";
import { format, inRounds, summarize } from "../compare.ts";
import type { Row, Table } from "../report.ts";
import { type EffectsDatabase, type Lab, measureRate } from "./lab.ts";

const rounds = 3;
const count = 20_000;
const authors = 500;
const usual: Size = { batch: 500, workers: 2 };
const body = new Uint8Array(100);

/** The size of a relay's batches and the number of its workers. */
interface Size {
  readonly batch: number;
  readonly workers: number;
}

/** Inserts events into the outbox, in the partitions that `outbox` would choose. */
async function fillOutbox(db: Kysely<EffectsDatabase>): Promise<void> {
  const names = Array.from({ length: authors }, (_, n) => `author-${n}`);
  const notes = names.map((author) => toBinary(NoteSchema, create(NoteSchema, { author, body })));
  await sql`
    insert into outbox (topic, event_id, event_key, partition, type, data, headers, event_time)
    select 'notes.written', gen_random_uuid()::text, author,
      hashtext('notes.written' || chr(10) || author) & 15, ${NoteSchema.typeName}, data, '{}', now()
    from generate_series(1, ${count / authors}::int) as round,
      unnest(${names}::text[], ${notes}::bytea[]) as note (author, data)`.execute(db);
  await sql`analyze outbox`.execute(db);
}

async function measureRelay(
  db: Kysely<EffectsDatabase>,
  bus: EventBus,
  size: Size = usual,
): Promise<number> {
  await fillOutbox(db);
  const began = performance.now();
  await using relay = startRelay(db, bus, { services: [NoteEvents], ...size });
  await waitUntil(() => relay.health().published === count, {
    what: "the outbox to be empty",
    intervalMs: 2,
  });
  const seconds = (performance.now() - began) / 1_000;
  const { waiting } = await readOutboxState(db);
  if (waiting > 0) throw new Error(`${waiting} events were not marked`);
  return count / seconds;
}

/** Measures the same reads and deletes in PostgreSQL alone, in the same batches and on as many connections. */
async function measureReadAndDelete(
  db: Kysely<EffectsDatabase>,
  { batch, workers }: Size = usual,
): Promise<number> {
  await fillOutbox(db);
  const batches = { count: count / batch, atOnce: workers };
  const rate = await measureRate(batches, () =>
    db.transaction().execute(async (tx) => {
      const { rows } = await sql<{ sequence: string }>`
        select * from outbox order by sequence limit ${batch} for update skip locked`.execute(tx);
      const sequences = rows.map(({ sequence }) => sequence);
      await sql`delete from outbox where sequence = any(${sequences}::bigint[])`.execute(tx);
    }),
  );
  await sql`truncate outbox`.execute(db);
  return rate * batch;
}

/** Measures publishing on the bus alone, with as many events in flight. */
async function measurePublish(bus: EventBus): Promise<number> {
  const { noteWritten } = createPublisher(NoteEvents, bus);
  let author = 0;
  return await measureRate({ count, atOnce: usual.batch * usual.workers }, () =>
    noteWritten({ author: `author-${author++ % authors}`, body }),
  );
}

/** Compares the relay with the slower of its two parts: the database and the bus. */
export async function measureRelayRow(lab: Lab, bus: EventBus): Promise<Row> {
  const db = lab.connect(usual.workers + 1);
  const pairs = await inRounds(rounds, {
    ours: () => measureRelay(db, bus),
    base: async () => Math.min(await measureReadAndDelete(db), await measurePublish(bus)),
  });
  return summarize({ name: "outbox-relay", target: 0.8, kind: "rate", unit: "events/s" }, pairs);
}

/** Measures the throughput of the relay by workers and by size of a batch. */
export async function measureRelayTables(lab: Lab, bus: EventBus): Promise<Table[]> {
  const workers = [1, 2, 4];
  const rows: string[][] = [];
  for (const batch of [50, 200, 500, 1_000]) {
    const rates: string[] = [];
    for (const each of workers) {
      const size = { batch, workers: each };
      rates.push(format(await measureRelay(lab.connect(each + 1), bus, size)));
    }
    rows.push([String(batch), ...rates]);
  }
  const columns = ["batch", "1 worker", "2 workers", "4 workers"];
  return [{ name: "Relay, events/s by workers and by size of a batch", columns, rows }];
}

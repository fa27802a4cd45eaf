import type { PublishResult } from "@fanfare/bus";
import { NoteEvents } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
import { type Postgres, startPostgres } from "@fanfare/dev-stack";
import { type Kysely, sql, type Transaction } from "kysely";
import { expect } from "vitest";
import {
  type AnyTransaction,
  outbox,
  type Relay,
  type RelayOptions,
  readOutboxState,
  startRelay,
} from "../src/index.ts";
import { lockPartitions } from "../src/relay/relay-store.ts";
import { type ScanPlan, scanOutbox, type TopicPartition } from "../src/relay/scan-outbox.ts";
import { type NotesDatabase, openNotes, type RecordingBus } from "./notes.ts";

/** Options of `expect.poll` on a loaded machine. */
export const long = { timeout: 30_000 };

/** A PostgreSQL server with an outbox, and relays that publish it. */
export interface RelayLab extends AsyncDisposable {
  readonly server: Postgres;
  readonly url: string;
  readonly db: Kysely<NotesDatabase>;
  /** Starts a relay of NoteEvents that polls every 20 ms. */
  startRelay(bus: RecordingBus, options?: Partial<RelayOptions>): Relay;
  /** Stores an event in a transaction of its own. */
  commit(author: string, number: number): Promise<PublishResult>;
  /** Waits until no event waits in the outbox. */
  waitUntilEmpty(): Promise<void>;
  /** Empties the outbox. */
  clear(): Promise<void>;
}

/** A scan of all partitions of NoteWritten from the first position. */
export const wholeScan: ScanPlan = {
  partitions: Array.from({ length: 16 }, (_, partition) => ({
    topic: "notes.written",
    partition,
    after: "0",
  })),
  writers: [],
};

/** Locks up to four partitions that have events, as a relay does that may be silent for a second. */
export async function lockWaitingPartitions<DB>(tx: Transaction<DB>): Promise<TopicPartition[]> {
  const { waiting } = await scanOutbox(tx, wholeScan);
  return await lockPartitions(tx, { waiting, leaseDurationMs: 1_000 });
}

/** Starts a server with an empty outbox. */
export async function startRelayLab(): Promise<RelayLab> {
  const server = await startPostgres();
  const url = await server.createDatabase("notes");
  const db = await openNotes(url);
  return {
    server,
    url,
    db,
    startRelay: (bus, options = {}) =>
      startRelay(db, bus, { services: [NoteEvents], pollIntervalMs: 20, ...options }),
    commit: (author, number) => db.transaction().execute((tx) => writeNote(tx, author, number)),
    waitUntilEmpty: () =>
      expect.poll(async () => (await readOutboxState(db)).waiting, long).toBe(0),
    async clear() {
      await sql`truncate outbox`.execute(db);
    },
    async [Symbol.asyncDispose]() {
      await db.destroy();
      await server.stop();
    },
  };
}

/** Stores a NoteWritten event with the id `<author>/<number>`. */
export function writeNote(
  tx: AnyTransaction,
  author: string,
  number: number,
): Promise<PublishResult> {
  return outbox(tx, NoteEvents).noteWritten({ author, number }, { id: `${author}/${number}` });
}

import { fromBinary } from "@bufbuild/protobuf";
import { BusError, type EventBus, type PublishOptions } from "@fanfare/bus";
import { NoteSchema } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
import { Kysely, PostgresDialect, sql } from "kysely";
import { Pool } from "pg";
import { outboxKeysMigration, outboxMigration } from "../src/index.ts";

/** A database with an outbox and one table of changes. */
export interface NotesDatabase {
  readonly notes: { readonly author: string; readonly number: number };
}

/** Opens a pool of its own, as another process does. */
export function connectNotes(url: string, max = 20): Kysely<NotesDatabase> {
  const pool = new Pool({ connectionString: url, max });
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return new Kysely<NotesDatabase>({ dialect: new PostgresDialect({ pool }) });
}

/** Connects, and creates the tables of the outbox and `notes`. */
export async function openNotes(url: string): Promise<Kysely<NotesDatabase>> {
  const db = connectNotes(url);
  await outboxMigration.up(db);
  await outboxKeysMigration.up(db);
  await sql`create table notes (author text not null, number integer not null)`.execute(db);
  return db;
}

/** A published event. */
export interface PublishedNote {
  readonly id: string;
  readonly topic: string;
  readonly author: string;
  readonly number: number;
  readonly options: PublishOptions;
}

/** A bus that records the published events in order, including repeated ids. */
export interface RecordingBus extends Pick<EventBus, "publishEncoded"> {
  readonly stored: PublishedNote[];
  /** Called with each event before it is stored. Its error fails the publish. */
  before: (event: PublishedNote) => Promise<void> | void;
}

/** Creates a bus without events. */
export function createRecordingBus(): RecordingBus {
  const stored: PublishedNote[] = [];
  const bus: RecordingBus = {
    stored,
    before: () => {},
    async publishEncoded(method, { data }, options = {}) {
      const { author, number } = decodeNote(data);
      const event = { id: options.id ?? "", topic: method.localName, author, number, options };
      await bus.before(event);
      const duplicate = stored.some(({ id, topic }) => id === event.id && topic === event.topic);
      stored.push(event);
      return { id: event.id, topic: event.topic, duplicate, sequence: stored.length };
    },
  };
  return bus;
}

function decodeNote(data: Uint8Array) {
  try {
    return fromBinary(NoteSchema, data);
  } catch (reason) {
    throw BusError.from(reason, "undecodable");
  }
}

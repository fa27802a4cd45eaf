import { fromBinary } from "@bufbuild/protobuf";
import { BusError, type EventBus, type PublishOptions } from "@fanfare/bus";
import { NoteSchema } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
import { Kysely, PostgresDialect, sql } from "kysely";
import { Pool } from "pg";
import { outboxMigration } from "../src/index.ts";

export interface NotesDatabase {
  readonly notes: { readonly author: string; readonly number: number };
}

/** connectNotes opens a pool of its own, as another process would. */
export function connectNotes(url: string, max = 20): Kysely<NotesDatabase> {
  const pool = new Pool({ connectionString: url, max });
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return new Kysely<NotesDatabase>({ dialect: new PostgresDialect({ pool }) });
}

/** openNotes connects and makes the tables `outbox` and `notes`. */
export async function openNotes(url: string): Promise<Kysely<NotesDatabase>> {
  const db = connectNotes(url);
  await outboxMigration.up(db);
  await sql`create table notes (author text not null, number integer not null)`.execute(db);
  return db;
}

/** Stored is an event as a broker got it. */
export interface Stored {
  readonly id: string;
  readonly topic: string;
  readonly author: string;
  readonly number: number;
  readonly options: PublishOptions;
}

/** RecordingBus keeps what is published, in order, also when an id comes again. */
export interface RecordingBus extends Pick<EventBus, "publishEncoded"> {
  readonly stored: Stored[];
  /** Called with each event before it is stored; what it throws is the publish's failure. */
  before: (event: Stored) => Promise<void> | void;
}

export function createRecordingBus(): RecordingBus {
  const stored: Stored[] = [];
  const bus: RecordingBus = {
    stored,
    before: () => {},
    async publishEncoded(method, { data }, options = {}) {
      const { author, number } = noteOf(data);
      const event = { id: options.id ?? "", topic: method.localName, author, number, options };
      await bus.before(event);
      const duplicate = stored.some(({ id, topic }) => id === event.id && topic === event.topic);
      stored.push(event);
      return { id: event.id, topic: event.topic, duplicate, sequence: stored.length };
    },
  };
  return bus;
}

function noteOf(data: Uint8Array) {
  try {
    return fromBinary(NoteSchema, data);
  } catch (reason) {
    throw BusError.from(reason, "undecodable");
  }
}

// What the @examples of this package use without importing it.
import type { EventBus } from "@fanfare/bus";
import type { Note as NoteMessage } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
import { NoteEvents as Events } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
import type { Kysely, Transaction } from "kysely";

/** The tables of the example's database. */
interface Tables {
  notes: { author: string; text: string };
  readings: { author: string };
}

export const NoteEvents: typeof Events = Events;
export type Note = NoteMessage;

export declare const bus: EventBus;
export declare const connectionString: string;
export declare const db: Kysely<Tables>;
export declare const insertReading: (tx: Transaction<Tables>, note: Note) => Promise<void>;

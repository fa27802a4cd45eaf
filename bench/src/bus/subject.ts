import { create, toBinary } from "@bufbuild/protobuf";
import { NoteSchema } from "@fanfare/bus/testing";
import { headers, type MsgHdrs } from "@nats-io/nats-core";

/** The subject of NoteRead. It has no key, so all events are in partition 0. */
export const subject = "fanfare.notes.read.0";
/** The topic of NoteRead. */
export const topic = "notes.read";
/** The stream of NoteRead. */
export const stream = "fanfare_notes_read";

/** Creates an id for an event. */
export function createId(): string {
  return crypto.randomUUID();
}

/** Creates the headers that the bus sets, as a user of nats.js would set them. */
export function createRawHeaders(id: string): MsgHdrs {
  const all = headers();
  all.set("ce-specversion", "1.0");
  all.set("ce-id", id);
  all.set("ce-type", "fanfare.testing.v1.Note");
  all.set("ce-source", "//bench");
  all.set("ce-time", new Date().toISOString());
  all.set("ce-datacontenttype", "application/protobuf");
  all.set("ce-topic", topic);
  return all;
}

/** Encodes a note. */
export function encodeNote(number: number, body: Uint8Array): Uint8Array {
  return toBinary(NoteSchema, create(NoteSchema, { author: "ada", number, body }));
}

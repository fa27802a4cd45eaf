import { create, toBinary } from "@bufbuild/protobuf";
import { NoteSchema } from "@fanfare/bus/testing";
import { headers, type MsgHdrs } from "@nats-io/nats-core";

/** NoteRead has no key: its subject is this one partition's. */
export const subject = "fanfare.notes.read.0";
export const topic = "notes.read";
export const stream = "fanfare_notes_read";

/** newId is another one for each event. */
export function createId(): string {
  return crypto.randomUUID();
}

/** rawHeaders are the headers that the bus gives an event, as a user of nats.js would set them. */
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

export function encodeNote(number: number, body: Uint8Array): Uint8Array {
  return toBinary(NoteSchema, create(NoteSchema, { author: "ada", number, body }));
}

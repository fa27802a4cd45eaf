import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import type { NewRecord, StoredRecord } from "../broker.ts";
import { NoteEvents, NoteSchema } from "../gen/fanfare/testing/v1/note_events_pb.ts";
import { readTopic } from "../topic.ts";
import type { EncodeOptions } from "./create-record.ts";
import { decodeEvent } from "./decode-event.ts";
import { encodeEvent } from "./encode-event.ts";

const topic = readTopic(NoteEvents.method.noteWritten);
const note = create(NoteSchema, { author: "Zoë", number: 7 });
const now = Date.parse("2026-03-01T10:11:12.345Z");

function encode(options: Partial<EncodeOptions> = {}): NewRecord {
  return encodeEvent(topic, note, { source: "//tests", now, ...options });
}

function store({ headers, data }: Partial<NewRecord>): StoredRecord {
  return {
    topic: "notes.written",
    headers: headers ?? {},
    data: data ?? new Uint8Array(),
    sequence: 5,
    storedAt: now + 1_000,
  };
}

describe("decodeEvent()", () => {
  it("returns the message and the envelope that encodeEvent wrote", () => {
    const record = store(
      encode({ id: "one", attributes: { subject: "note/7" }, headers: { mood: "très\nbien" } }),
    );
    const decoded = decodeEvent(topic, record);
    expect(decoded.message).toEqual(note);
    expect(decoded.envelope).toEqual({
      id: "one",
      topic: "notes.written",
      key: "Zoë",
      time: new Date(now),
      source: "//tests",
      attributes: { subject: "note/7" },
      headers: { mood: "très\nbien" },
    });
  });

  it("uses the time of storage when ce-time is missing", () => {
    const { "ce-time": _, ...headers } = encode().headers;
    expect(decodeEvent(topic, store({ headers })).envelope.time).toEqual(new Date(now + 1_000));
  });

  it.each([
    ["no id", { "ce-id": undefined }, "the header ce-id is missing"],
    ["no source", { "ce-source": undefined }, "the header ce-source is missing"],
    ["another type", { "ce-type": "a.b.C" }, "expected type fanfare.testing.v1.Note, got a.b.C"],
    ["another content type", { "ce-datacontenttype": "application/json" }, "application/json"],
    ["a malformed time", { "ce-time": "noon" }, 'time in ce-time, got "noon"'],
  ])("throws undecodable for a record with %s", (_, changed, message) => {
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries({ ...encode().headers, ...changed })) {
      if (value !== undefined) headers[name] = value;
    }
    const read = () => decodeEvent(topic, store({ headers, data: encode().data }));
    expect(read).toThrow(expect.objectContaining({ code: "undecodable", retryable: false }));
    expect(read).toThrow(message);
  });

  it("names the event when the payload is not a message", () => {
    const { headers } = encode({ id: "one" });
    expect(() => decodeEvent(topic, store({ headers, data: new Uint8Array([0xff]) }))).toThrow(
      /^cannot decode event one of notes.written \(sequence 5\)/,
    );
  });
});

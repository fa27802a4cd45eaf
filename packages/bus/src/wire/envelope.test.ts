import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import type { NewRecord, StoredRecord } from "../broker.ts";
import { NoteEvents, NoteSchema } from "../gen/fanfare/testing/v1/note_events_pb.ts";
import { readTopic } from "../topic.ts";
import { decodeEvent, type EncodeOptions, encodeEvent, readId } from "./envelope.ts";

const topic = readTopic(NoteEvents.method.noteWritten);
const note = create(NoteSchema, { author: "Zoë", number: 7 });
const now = Date.parse("2026-03-01T10:11:12.345Z");

function sealed(options: Partial<EncodeOptions> = {}): NewRecord {
  return encodeEvent(topic, note, { source: "//tests", now, ...options });
}

function stored({ headers, data }: Partial<NewRecord>): StoredRecord {
  return {
    topic: "notes.written",
    headers: headers ?? {},
    data: data ?? new Uint8Array(),
    sequence: 5,
    storedAt: now + 1_000,
  };
}

describe("seal()", () => {
  it("writes CloudEvents binary headers, as they are on the wire", () => {
    const record = sealed({ id: "note/7 é", headers: { TraceParent: "00-a-b-01" } });
    expect(record).toEqual({
      topic: "notes.written",
      id: "note/7 é",
      partition: 28,
      headers: {
        "ce-specversion": "1.0",
        "ce-id": "note/7%20%C3%A9",
        "ce-type": "fanfare.testing.v1.Note",
        "ce-source": "//tests",
        "ce-time": "2026-03-01T10:11:12.345Z",
        "ce-datacontenttype": "application/protobuf",
        "ce-topic": "notes.written",
        "ce-partitionkey": "Zo%C3%AB",
        traceparent: "00-a-b-01",
      },
      data: toBinary(NoteSchema, note),
    });
  });

  it("makes an id when it is given none", () => {
    expect(sealed().id).toMatch(/^[0-9a-f-]{36}$/);
    expect(sealed().id).not.toBe(sealed().id);
  });

  it.each([
    ["an empty id", { id: "" }],
    ["a long id", { id: "x".repeat(257) }],
    ["half a character in an id", { id: "\ud800" }],
    ["an invalid time", { time: new Date("never") }],
    ["a header of the envelope", { headers: { "CE-Id": "1" } }],
    ["a header of the server", { headers: { "Nats-Msg-Id": "1" } }],
    ["a header name with a space", { headers: { "my header": "1" } }],
    ["half a character in a header", { headers: { mood: "\ud800" } }],
  ])("refuses %s", (_, options) => {
    expect(() => sealed(options)).toThrow(expect.objectContaining({ code: "invalid_argument" }));
  });

  it("refuses a message that protobuf cannot encode", () => {
    const broken = create(NoteSchema, { number: 1.5 });
    expect(() => encodeEvent(topic, broken, { source: "//tests", now })).toThrow(
      expect.objectContaining({ code: "invalid_argument" }),
    );
  });
});

describe("open()", () => {
  it("reads back what seal wrote", () => {
    const opened = decodeEvent(
      topic,
      stored(sealed({ id: "one", headers: { mood: "très\nbien" } })),
    );
    expect(opened.message).toEqual(note);
    expect(opened.envelope).toEqual({
      id: "one",
      topic: "notes.written",
      key: "Zoë",
      time: new Date(now),
      source: "//tests",
      headers: { mood: "très\nbien" },
    });
  });

  it("takes the time of storing where there is no other", () => {
    const { "ce-time": _, ...headers } = sealed().headers;
    expect(decodeEvent(topic, stored({ headers })).envelope.time).toEqual(new Date(now + 1_000));
  });

  it.each([
    ["no id", { "ce-id": undefined }, "it has no ce-id"],
    ["no source", { "ce-source": undefined }, "it has no ce-source"],
    ["another type", { "ce-type": "a.b.C" }, "it is a a.b.C, the topic has fanfare"],
    ["another content type", { "ce-datacontenttype": "application/json" }, "application/json"],
    ["a broken time", { "ce-time": "noon" }, 'its ce-time is "noon"'],
  ])("calls a record with %s undecodable", (_, changed, message) => {
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries({ ...sealed().headers, ...changed })) {
      if (value !== undefined) headers[name] = value;
    }
    const read = () => decodeEvent(topic, stored({ headers, data: sealed().data }));
    expect(read).toThrow(expect.objectContaining({ code: "undecodable", retryable: false }));
    expect(read).toThrow(message);
  });

  it("calls bytes that are no message undecodable, and names the event", () => {
    const { headers } = sealed({ id: "one" });
    expect(() => decodeEvent(topic, stored({ headers, data: new Uint8Array([0xff]) }))).toThrow(
      /^event one of notes.written \(5\) cannot be read/,
    );
  });
});

describe("idOf()", () => {
  it("names a record without an id by its place", () => {
    expect(readId(stored({}))).toBe("notes.written#5");
  });
});

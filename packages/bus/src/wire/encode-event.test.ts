import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import type { NewRecord } from "../broker.ts";
import { NoteEvents, NoteSchema } from "../gen/fanfare/testing/v1/note_events_pb.ts";
import { readTopic } from "../topic.ts";
import { createRecord, type EncodeOptions } from "./create-record.ts";
import { encodeEvent } from "./encode-event.ts";

const topic = readTopic(NoteEvents.method.noteWritten);
const note = create(NoteSchema, { author: "Zoë", number: 7 });
const now = Date.parse("2026-03-01T10:11:12.345Z");

function encode(options: Partial<EncodeOptions> = {}): NewRecord {
  return encodeEvent(topic, note, { source: "//tests", now, ...options });
}

describe("encodeEvent()", () => {
  it("writes the headers of CloudEvents in binary mode", () => {
    const record = encode({
      id: "note/7 é",
      attributes: { subject: "a b" },
      headers: { TraceParent: "00-a-b-01" },
    });
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
        "ce-subject": "a%20b",
        traceparent: "00-a-b-01",
      },
      data: toBinary(NoteSchema, note),
    });
  });

  it("generates a random id when none is given", () => {
    expect(encode().id).toMatch(/^[0-9a-f-]{36}$/);
    expect(encode().id).not.toBe(encode().id);
  });

  it.each([
    ["an empty id", { id: "" }],
    ["an id of more than 256 characters", { id: "x".repeat(257) }],
    ["a lone surrogate in an id", { id: "\ud800" }],
    ["an invalid time", { time: new Date("never") }],
    ["a header of the envelope", { headers: { "CE-Id": "1" } }],
    ["a header of the server", { headers: { "Nats-Msg-Id": "1" } }],
    ["a header name with a space", { headers: { "my header": "1" } }],
    ["a lone surrogate in a header", { headers: { mood: "\ud800" } }],
  ])("rejects %s", (_, options) => {
    expect(() => encode(options)).toThrow(expect.objectContaining({ code: "invalid_argument" }));
  });

  it("rejects ids, keys, times and headers of other types, which JavaScript callers pass", () => {
    const refusal = expect.objectContaining({ code: "invalid_argument" });
    for (const options of [{ id: 7 }, { time: 7 }, { headers: { mood: 7 } }]) {
      // @ts-expect-error: expects text, and a date
      expect(() => encode(options)).toThrow(refusal);
    }
    const message = { data: new Uint8Array(), key: 7 };
    // @ts-expect-error: expects a key of text
    expect(() => createRecord(topic, message, { source: "//tests", now })).toThrow(refusal);
  });

  it("escapes the control characters of what it refuses", () => {
    const csi = "\u009b2J";
    for (const options of [
      { id: csi },
      { headers: { [csi]: "" } },
      { attributes: { [csi]: "" } },
    ]) {
      expect(() => encode(options)).toThrow(String.raw`got "\u009b2J"`);
    }
  });

  it("rejects a message that protobuf cannot encode", () => {
    const broken = create(NoteSchema, { number: 1.5 });
    expect(() => encodeEvent(topic, broken, { source: "//tests", now })).toThrow(
      expect.objectContaining({ code: "invalid_argument" }),
    );
  });
});

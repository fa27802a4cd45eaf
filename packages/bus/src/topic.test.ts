import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  BrokenEvents,
  NoteEvents,
  NoteSchema,
  ShelfSchema,
} from "./gen/fanfare/testing/v1/note_events_pb.ts";
import { readTopic } from "./topic.ts";
import { createTopicCache } from "./topic-cache.ts";

describe("readTopic()", () => {
  it("reads topic, message type and key from the option", () => {
    const topic = readTopic(NoteEvents.method.noteWritten);
    expect(topic.name).toBe("notes.written");
    expect(topic.schema).toBe(NoteSchema);
    expect(topic.readKey(create(NoteSchema, { author: "zoe" }))).toBe("zoe");
  });

  it("returns no key when the option has none, or when its field is empty", () => {
    expect(
      readTopic(NoteEvents.method.noteRead).readKey(create(NoteSchema, { author: "zoe" })),
    ).toBe(undefined);
    expect(readTopic(NoteEvents.method.noteWritten).readKey(create(NoteSchema))).toBe(undefined);
  });

  it("formats a number as a key, zero included", () => {
    const topic = readTopic(BrokenEvents.method.numbered);
    expect(topic.readKey(create(ShelfSchema, { shelfNumber: -9007199254740993n }))).toBe(
      "-9007199254740993",
    );
    expect(topic.readKey(create(ShelfSchema))).toBe("0");
  });

  it.each([
    ["silent", "unknown_topic", "BrokenEvents.Silent has no topic: give the method the option"],
    ["shouted", "invalid_argument", 'has the topic "Notes.Shouted": use lower-case words'],
    ["lost", "invalid_argument", 'has the key "owner", but fanfare.testing.v1.Note.owner does not'],
    ["heavy", "invalid_argument", "Note.body is neither a string nor an integer"],
    ["streamed", "invalid_argument", "BrokenEvents.Streamed is a streaming method"],
  ] as const)("refuses %s with %s", (name, code, message) => {
    const read = () => readTopic(BrokenEvents.method[name]);
    expect(read).toThrow(expect.objectContaining({ name: "BusError", code }));
    expect(read).toThrow(message);
  });
});

describe("createTopicCache()", () => {
  it("rejects a second message type for a topic", () => {
    const cache = createTopicCache();
    cache.read(NoteEvents.method.noteWritten);
    expect(() => cache.read(BrokenEvents.method.disguised)).toThrow(
      "the topic notes.written has messages of type fanfare.testing.v1.Note, but fanfare.testing.v1.BrokenEvents.Disguised publishes fanfare.testing.v1.Shelf",
    );
  });

  it("reads a method once", () => {
    const cache = createTopicCache();
    expect(cache.read(NoteEvents.method.noteRead)).toBe(cache.read(NoteEvents.method.noteRead));
  });
});

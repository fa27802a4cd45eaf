import { describe, expect, it } from "vitest";
import { BrokenEvents, NoteEvents } from "../gen/fanfare/testing/v1/note_events_pb.ts";
import { createMemoryBus } from "../memory/memory-bus.ts";
import { createPublisher } from "./create-publisher.ts";

describe("createPublisher()", () => {
  it("has a function for each method, which returns the publish result", async () => {
    await using bus = createMemoryBus();
    const notes = createPublisher(NoteEvents, bus);
    expect(Object.keys(notes)).toEqual(["noteWritten", "noteErased", "noteRead"]);
    expect(await notes.noteErased({ author: "zoe" }, { id: "one" })).toEqual({
      id: "one",
      topic: "notes.erased",
      duplicate: false,
      sequence: 1,
    });
  });

  it("throws for a service with a method that has no topic", async () => {
    await using bus = createMemoryBus();
    expect(() => createPublisher(BrokenEvents, bus)).toThrow(
      expect.objectContaining({ code: "unknown_topic" }),
    );
  });

  it("accepts the fields of the message and nothing else", async () => {
    await using bus = createMemoryBus();
    const notes = createPublisher(NoteEvents, bus);
    // @ts-expect-error: a note has no title
    await notes.noteRead({ title: "one" });
    // @ts-expect-error: a number is not a message
    await expect(notes.noteRead(1)).resolves.toHaveProperty("topic", "notes.read");
  });
});

import { expect, it } from "vitest";
import { BusError } from "../error.ts";
import { NoteEvents } from "../gen/fanfare/testing/v1/note_events_pb.ts";
import { createCollector, createNotePublisher, getNumbers, subscribeRead } from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

const backoff = { initialIntervalMs: 20, maxIntervalMs: 40 };

/** Registers the cases of verdicts: what a handler throws decides what happens to its event. */
export function registerVerdictCases({ setUp }: SuiteContext): void {
  it("takes an error of the bus that escapes a nested publish for an ordinary failure", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const data = Uint8Array.of(0xff, 0xff);
    const encoded = { type: "fanfare.testing.v1.Shelf", data, key: undefined };
    const codes: string[] = [];
    const { seen, handler } = createCollector(async (_, { attempt }) => {
      if (attempt < 3) await bus.publishEncoded(NoteEvents.method.noteRead, encoded);
    });
    const subscription = await subscribeRead(bus, "relay", {
      handler,
      backoff,
      onFailure: ({ error, verdict }) => codes.push(`${BusError.from(error).code} ${verdict}`),
    });
    await createNotePublisher(bus).noteRead({ number: 1 });
    await env.waitFor("the ack", () => subscription.health().handled === 1);
    expect(codes).toEqual(["undecodable retry", "undecodable retry"]);
    expect(seen).toHaveLength(3);
    expect(subscription.health()).toMatchObject({ deadLettered: 0, failures: 2 });
  });

  it("maps what a handler throws with classify", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    let down = true;
    const { seen, handler } = createCollector(({ number }) => {
      if (number === 0) throw new RangeError("closed account");
      if (number === 1 && down) throw new TypeError("fetch failed");
    });
    const verdicts: string[] = [];
    const subscription = await subscribeRead(bus, "classified", {
      handler,
      backoff,
      concurrency: 1,
      classify(reason) {
        if (reason instanceof RangeError) return "dead-letter";
        return reason instanceof TypeError ? "pause" : undefined;
      },
      onFailure: ({ id, verdict }) => verdicts.push(`${id} ${verdict}`),
    });
    const { noteRead } = createNotePublisher(bus);
    await noteRead({ number: 0 }, { id: "closed" });
    await env.waitFor("a dead letter", () => subscription.health().deadLettered === 1);
    await noteRead({ number: 1 }, { id: "down" });
    await env.waitFor("a pause", () => subscription.health().state === "paused");
    down = false;
    await env.waitFor("the ack", () => subscription.health().handled === 1);
    expect(new Set(verdicts)).toEqual(new Set(["closed dead-letter", "down pause"]));
    expect(new Set(getNumbers(seen))).toEqual(new Set([0, 1]));
    const letters = await bus.deadLetters("classified").list();
    expect(letters).toMatchObject([{ id: "closed", cause: "permanent", attempts: 1 }]);
  });

  it.each([
    ["a null-prototype object", Object.assign(Object.create(null), { code: 7 }), /code: 7/],
    ["a string", "closed", /^closed$/],
    ["undefined", undefined, /^undefined$/],
    ["an error whose message is no string", Object.assign(new Error(), { message: 7 }), /./],
    ["an error with a cause", new Error("no", { cause: new Error("why") }), /^no \(why\)$/],
    ["an aggregate", new AggregateError(["a", "b"]), /^AggregateError \(a; b\)$/],
  ])("survives a handler that throws %s, and reports it readably", async (_, thrown, text) => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { handler } = createCollector(() => {
      throw thrown;
    });
    const subscription = await subscribeRead(bus, "failing", { handler, maxAttempts: 1 });
    await createNotePublisher(bus).noteRead({ number: 1 });
    await env.waitFor("a dead letter", () => subscription.health().deadLettered === 1);
    const [letter] = await bus.deadLetters("failing").list();
    expect(letter?.error).toMatch(text);
    expect(subscription.health().state).toBe("running");
  });
}

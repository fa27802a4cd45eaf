import { describe, expect, it } from "vitest";
import { createAckTracker } from "./ack-tracker.ts";

describe("createAckTracker()", () => {
  it("knows nothing at first", () => {
    expect(createAckTracker().findFirstUnacked()).toBeUndefined();
  });

  it("continues after what the consumer confirmed and this process acknowledged", () => {
    const tracker = createAckTracker();
    tracker.confirmUpTo(10);
    expect(tracker.findFirstUnacked()).toBe(11);
    for (const sequence of [11, 12, 14]) tracker.ack(sequence);
    expect(tracker.findFirstUnacked()).toBe(13);
    tracker.confirmUpTo(13);
    expect(tracker.findFirstUnacked()).toBe(15);
    expect(tracker.hasUnconfirmed).toBe(true);
    tracker.confirmUpTo(14);
    expect(tracker.hasUnconfirmed).toBe(false);
  });

  it("recognises acknowledged events that a new consumer delivers", () => {
    const tracker = createAckTracker();
    tracker.confirmUpTo(10);
    tracker.ack(12);
    expect(tracker.isAcked(12)).toBe(false);
    tracker.observeNewConsumer();
    expect([11, 12, 13].map((one) => tracker.isAcked(one))).toEqual([false, true, false]);
  });

  it("is reset by a new stream", () => {
    const tracker = createAckTracker();
    tracker.observeStream("monday");
    tracker.confirmUpTo(10);
    tracker.ack(12);
    tracker.observeStream("monday");
    expect(tracker.findFirstUnacked()).toBe(11);
    tracker.observeStream("tuesday");
    tracker.observeNewConsumer();
    expect([tracker.findFirstUnacked(), tracker.isAcked(12)]).toEqual([1, false]);
  });

  it("drops the oldest acknowledgements beyond its limit", () => {
    const tracker = createAckTracker(2);
    tracker.confirmUpTo(0);
    for (const sequence of [1, 2, 3]) tracker.ack(sequence);
    expect(tracker.findFirstUnacked()).toBe(1);
    tracker.observeNewConsumer();
    expect([1, 2, 3].map((one) => tracker.isAcked(one))).toEqual([false, true, true]);
  });
});

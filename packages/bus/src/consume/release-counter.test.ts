import { describe, expect, it } from "vitest";
import type { Lease } from "../broker.ts";
import { createReleaseCounter } from "./release-counter.ts";

function createLease(sequence: number, deliveries: number): Lease {
  const record = { topic: "notes.read", headers: {}, data: new Uint8Array(), storedAt: 0 };
  return {
    record: { ...record, sequence },
    deliveries,
    ack: settle,
    nak: settle,
    extend: settle,
  };
}

function settle(): Promise<void> {
  return Promise.resolve();
}

describe("createReleaseCounter()", () => {
  it("subtracts the releases from the deliveries", () => {
    const releases = createReleaseCounter();
    releases.add(createLease(1, 1));
    releases.add(createLease(1, 2));
    expect(releases.readAttempt(createLease(1, 3))).toBe(1);
    expect(releases.readAttempt(createLease(1, 5))).toBe(3);
    expect(releases.readAttempt(createLease(2, 5))).toBe(5);
  });

  it("starts at attempt 1 when the broker starts to count again", () => {
    const releases = createReleaseCounter();
    releases.add(createLease(1, 7));
    expect(releases.readAttempt(createLease(1, 1))).toBe(1);
  });

  it("forgets settled events, and beyond its limit the oldest", () => {
    const releases = createReleaseCounter(2);
    for (const sequence of [1, 2, 3]) releases.add(createLease(sequence, 1));
    releases.forget(createLease(3, 2));
    const attempts = [1, 2, 3].map((sequence) => releases.readAttempt(createLease(sequence, 2)));
    expect(attempts).toEqual([2, 1, 2]);
  });
});

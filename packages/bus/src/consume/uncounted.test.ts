import { describe, expect, it } from "vitest";
import type { Lease } from "../broker.ts";
import { createUncounted } from "./uncounted.ts";

function leaseOf(sequence: number, deliveries: number): Lease {
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

describe("createUncounted()", () => {
  it("takes what was given back without an attempt from the deliveries", () => {
    const uncounted = createUncounted();
    uncounted.add(leaseOf(1, 1));
    uncounted.add(leaseOf(1, 2));
    expect(uncounted.attemptOf(leaseOf(1, 3))).toBe(1);
    expect(uncounted.attemptOf(leaseOf(1, 5))).toBe(3);
    expect(uncounted.attemptOf(leaseOf(2, 5))).toBe(5);
  });

  it("begins anew where the broker does", () => {
    const uncounted = createUncounted();
    uncounted.add(leaseOf(1, 7));
    expect(uncounted.attemptOf(leaseOf(1, 1))).toBe(1);
  });

  it("forgets what is over, and beyond its limit the oldest", () => {
    const uncounted = createUncounted(2);
    for (const sequence of [1, 2, 3]) uncounted.add(leaseOf(sequence, 1));
    uncounted.forget(leaseOf(3, 2));
    const attempts = [1, 2, 3].map((sequence) => uncounted.attemptOf(leaseOf(sequence, 2)));
    expect(attempts).toEqual([2, 1, 2]);
  });
});

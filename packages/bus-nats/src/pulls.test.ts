import { describe, expect, it } from "vitest";
import { createPulls } from "./pulls.ts";

describe("pulls", () => {
  it("count what may still come, over all requests", () => {
    const pulls = createPulls();
    pulls.add({ count: 2, endsAt: 10 });
    pulls.add({ count: 3, endsAt: 20 });
    expect(pulls.outstanding).toBe(5);
    expect(pulls.arrived()).toBe(true);
    expect(pulls.outstanding).toBe(4);
  });

  it("know a message that nobody asked for", () => {
    const pulls = createPulls();
    pulls.add({ count: 1, endsAt: 10 });
    expect([pulls.arrived(), pulls.arrived()]).toEqual([true, false]);
  });

  it("take back what an ended request leaves", () => {
    const pulls = createPulls();
    const first = pulls.add({ count: 5, endsAt: 10 });
    const second = pulls.add({ count: 4, endsAt: 10 });
    expect(pulls.ended(first, 3)).toBe(3);
    expect(pulls.ended(first, 3)).toBe(0);
    expect(pulls.ended(second, undefined)).toBe(4);
    expect(pulls.outstanding).toBe(2);
  });

  it("take back no more than is due", () => {
    const pulls = createPulls();
    const id = pulls.add({ count: 2, endsAt: 10 });
    pulls.arrived();
    expect(pulls.ended(id, 9)).toBe(1);
    expect(pulls.outstanding).toBe(0);
  });

  it("find what a request whose end was never told can no longer bring", () => {
    const pulls = createPulls();
    pulls.add({ count: 5, endsAt: 10 });
    pulls.add({ count: 2, endsAt: 20 });
    expect(pulls.expired(10)).toBe(0);
    expect(pulls.expired(11)).toBe(5);
    expect(pulls.outstanding).toBe(2);
    expect(pulls.clear()).toBe(2);
  });
});

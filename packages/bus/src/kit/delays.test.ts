import { describe, expect, it } from "vitest";
import { createManualClock } from "../memory/manual-clock.ts";
import { createDelays } from "./delays.ts";

describe("createDelays()", () => {
  it("waits for the given time", async () => {
    const clock = createManualClock();
    const delays = createDelays(clock);
    let ended = false;
    const wait = async () => {
      await delays.wait(100);
      ended = true;
    };
    void wait();
    await clock.advance(99);
    expect([ended, delays.size]).toEqual([false, 1]);
    await clock.advance(1);
    expect([ended, delays.size]).toEqual([true, 0]);
  });

  it("ends every delay early, and later ones at once", async () => {
    const delays = createDelays(createManualClock());
    const waiting = delays.wait(100);
    delays.endAll();
    await waiting;
    await delays.wait(100);
    expect(delays.size).toBe(0);
  });
});

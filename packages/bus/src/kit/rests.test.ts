import { describe, expect, it } from "vitest";
import { createManualClock } from "../memory/manual-clock.ts";
import { createRests } from "./rests.ts";

describe("createRests()", () => {
  it("rests as long as it is told to", async () => {
    const clock = createManualClock();
    const rests = createRests(clock);
    let rested = false;
    const rest = async () => {
      await rests.rest(100);
      rested = true;
    };
    void rest();
    await clock.advance(99);
    expect([rested, rests.size]).toEqual([false, 1]);
    await clock.advance(1);
    expect([rested, rests.size]).toEqual([true, 0]);
  });

  it("ends every rest early, and those to come", async () => {
    const rests = createRests(createManualClock());
    const resting = rests.rest(100);
    rests.end();
    await resting;
    await rests.rest(100);
    expect(rests.size).toBe(0);
  });
});

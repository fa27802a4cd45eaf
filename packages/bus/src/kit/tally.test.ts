import { describe, expect, it } from "vitest";
import { createManualClock } from "../memory/manual-clock.ts";
import { createRateCounter } from "./tally.ts";

describe("createTally()", () => {
  it("counts all, and says how often it was lately", async () => {
    const clock = createManualClock();
    const tally = createRateCounter(clock);
    expect(tally).toMatchObject({ total: 0, perSecond: 0 });
    for (let second = 0; second < 10; second++) {
      for (let i = 0; i < 3; i++) tally.add();
      await clock.advance(1_000);
    }
    expect(tally).toMatchObject({ total: 30, perSecond: 3 });
  });

  it("forgets what is longer ago than a minute", async () => {
    const clock = createManualClock();
    const tally = createRateCounter(clock);
    for (let i = 0; i < 600; i++) tally.add();
    await clock.advance(59_000);
    tally.add();
    expect(tally.perSecond).toBeGreaterThan(10);
    await clock.advance(2_000);
    expect(tally.perSecond).toBe(1 / 60);
    await clock.advance(3_600_000);
    expect(tally).toMatchObject({ total: 601, perSecond: 0 });
  });
});

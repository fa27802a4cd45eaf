import { describe, expect, it } from "vitest";
import { createManualClock } from "../memory/manual-clock.ts";
import { createRateCounter } from "./rate-counter.ts";

describe("createRateCounter()", () => {
  it("counts, and computes the rate", async () => {
    const clock = createManualClock();
    const counter = createRateCounter(clock);
    expect(counter).toMatchObject({ total: 0, perSecond: 0 });
    for (let second = 0; second < 10; second++) {
      for (let i = 0; i < 3; i++) counter.add();
      await clock.advance(1_000);
    }
    expect(counter).toMatchObject({ total: 30, perSecond: 3 });
  });

  it("leaves out what is older than a minute", async () => {
    const clock = createManualClock();
    const counter = createRateCounter(clock);
    for (let i = 0; i < 600; i++) counter.add();
    await clock.advance(59_000);
    counter.add();
    expect(counter.perSecond).toBeGreaterThan(10);
    await clock.advance(2_000);
    expect(counter.perSecond).toBe(1 / 60);
    await clock.advance(3_600_000);
    expect(counter).toMatchObject({ total: 601, perSecond: 0 });
  });
});

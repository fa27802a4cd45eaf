import { describe, expect, it } from "vitest";
import { createManualClock } from "./manual-clock.ts";

describe("createManualClock()", () => {
  it("stands still until it is advanced", async () => {
    const clock = createManualClock(new Date("2026-05-01T00:00:00Z"));
    expect(new Date(clock.now()).toISOString()).toBe("2026-05-01T00:00:00.000Z");
    await clock.advance(1_500);
    expect(new Date(clock.now()).toISOString()).toBe("2026-05-01T00:00:01.500Z");
  });

  it("runs tasks by time, and those of the same time in order of scheduling", async () => {
    const clock = createManualClock();
    const start = clock.now();
    const ran: string[] = [];
    const note = (name: string) => () => void ran.push(`${name} at ${clock.now() - start}`);
    clock.schedule(20, note("late"));
    clock.schedule(10, note("first"));
    clock.schedule(10, note("second"));
    clock.schedule(15, note("cancelled"))();
    await clock.advance(30);
    expect(ran).toEqual(["first at 10", "second at 10", "late at 20"]);
  });

  it("runs what a task schedules before time goes on", async () => {
    const clock = createManualClock();
    const start = clock.now();
    const ran: number[] = [];
    const again = async () => {
      await Promise.resolve();
      ran.push(clock.now() - start);
      clock.schedule(10, () => void again());
    };
    clock.schedule(10, () => void again());
    await clock.advance(35);
    expect(ran).toEqual([10, 20, 30]);
  });

  it("runs concurrent advances one after the other", async () => {
    const clock = createManualClock();
    const start = clock.now();
    await Promise.all([clock.advance(10), clock.advance(10)]);
    expect(clock.now() - start).toBe(20);
  });
});

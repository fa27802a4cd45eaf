import { describe, expect, it } from "vitest";
import { createManualClock } from "./memory/manual-clock.ts";
import { settles } from "./settles.ts";

const never = new Promise(() => {});

describe("settles()", () => {
  it("says whether the promise settled in time", async () => {
    const clock = createManualClock();
    expect(await settles(Promise.resolve(), clock, 60_000)).toBe(true);
    expect(await settles(Promise.reject(new Error("no")), clock, 60_000)).toBe(true);
    const late = settles(never, clock, 60_000);
    await clock.advance(60_000);
    expect(await late).toBe(false);
  });

  it("ends in real time where nobody moves the clock", async () => {
    expect(await settles(never, createManualClock(), 20)).toBe(false);
  });
});

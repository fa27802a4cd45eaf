import { describe, expect, it } from "vitest";
import { createManualClock } from "../memory/manual-clock.ts";
import { settlesWithin } from "./settles-within.ts";

const never = new Promise(() => {});

describe("settlesWithin()", () => {
  it("returns whether the promise settles in time", async () => {
    const clock = createManualClock();
    expect(await settlesWithin(Promise.resolve(), 60_000, { clock })).toBe(true);
    expect(await settlesWithin(Promise.reject(new Error("no")), 60_000, { clock })).toBe(true);
    const late = settlesWithin(never, 60_000, { clock });
    await clock.advance(60_000);
    expect(await late).toBe(false);
  });

  it("ends in real time while the clock stands still", async () => {
    expect(await settlesWithin(never, 20, { clock: createManualClock() })).toBe(false);
  });

  it("ends when the signal aborts, also when it was aborted before", async () => {
    const stopping = new AbortController();
    const { signal } = stopping;
    const waiting = settlesWithin(never, 60_000, { signal });
    stopping.abort();
    expect(await waiting).toBe(false);
    expect(await settlesWithin(never, 60_000, { signal })).toBe(false);
  });
});

import { createLogger } from "@fanfare/service";
import { describe, expect, it } from "vitest";
import { sweepUntil } from "./run-reconciler.ts";

describe("sweepUntil()", () => {
  it("sweeps again after failures, and ends with its signal", async () => {
    const ending = new AbortController();
    const logger = createLogger({ name: "sweep-test", level: "silent" });
    let sweeps = 0;
    const sweep = async () => {
      sweeps += 1;
      if (sweeps < 3) throw new Error("away");
      ending.abort();
    };
    await sweepUntil(ending.signal, sweep, { intervalMs: 1, longestPauseMs: 4, logger });
    expect(sweeps).toBe(3);
  });
});

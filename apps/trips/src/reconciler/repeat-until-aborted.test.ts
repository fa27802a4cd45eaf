import { describe, expect, it } from "vitest";
import { repeatUntilAborted } from "./repeat-until-aborted.ts";

describe("repeatUntilAborted()", () => {
  it("continues after failures with longer pauses, and ends when its signal aborts", async () => {
    const controller = new AbortController();
    const pauses: number[] = [];
    let runs = 0;
    const task = async () => {
      runs += 1;
      if (runs < 4) throw new Error("unavailable");
      controller.abort();
    };
    await repeatUntilAborted(controller.signal, task, {
      intervalMs: 1,
      maxIntervalMs: 3,
      onError: (_, pauseMs) => pauses.push(pauseMs),
    });
    expect(runs).toBe(4);
    expect(pauses).toEqual([2, 3, 3]);
  });
});

import { describe, expect, it, vi } from "vitest";
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

  it("continues when its listener throws or rejects, and emits a warning for each", async () => {
    const emitWarning = vi.spyOn(process, "emitWarning").mockReturnValue();
    const controller = new AbortController();
    const fail = vi
      .fn<() => unknown>()
      .mockImplementationOnce(() => Promise.reject(new Error("no disk")))
      .mockImplementation(() => {
        throw new Error("no disk");
      });
    let runs = 0;
    const task = async () => {
      runs += 1;
      if (runs === 3) controller.abort();
      throw Object.create(null);
    };
    await repeatUntilAborted(controller.signal, task, {
      intervalMs: 1,
      maxIntervalMs: 1,
      onError: fail,
    });
    expect(runs).toBe(3);
    await vi.waitFor(() => expect(emitWarning).toHaveBeenCalledTimes(3));
    emitWarning.mockRestore();
  });
});

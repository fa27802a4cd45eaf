import { describe, expect, it } from "vitest";
import { pause } from "./pause.ts";

describe("pause()", () => {
  it("ends after its delay", async () => {
    const before = performance.now();
    await pause(20);
    expect(performance.now() - before).toBeGreaterThan(15);
  });

  it("ends when the signal aborts, also when it was aborted before", async () => {
    const stopping = new AbortController();
    const paused = pause(Infinity, stopping.signal);
    stopping.abort();
    await expect(paused).resolves.toBeUndefined();
    await expect(pause(60_000, stopping.signal)).resolves.toBeUndefined();
  });
});

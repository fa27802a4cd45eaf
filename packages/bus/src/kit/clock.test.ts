import { describe, expect, it } from "vitest";
import { systemClock } from "./clock.ts";

describe("systemClock", () => {
  it("runs a task after its delay, unless it is cancelled", async () => {
    const ran: string[] = [];
    const cancel = systemClock.schedule(1, () => ran.push("cancelled"));
    cancel();
    const cancelLong = systemClock.schedule(Number.POSITIVE_INFINITY, () => ran.push("long"));
    await new Promise<void>((resolve) => {
      systemClock.schedule(5, resolve);
    });
    cancelLong();
    expect(ran).toEqual([]);
  });
});

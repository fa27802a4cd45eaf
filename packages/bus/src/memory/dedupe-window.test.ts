import { describe, expect, it } from "vitest";
import { createDedupeWindow } from "./dedupe-window.ts";
import { createManualClock } from "./manual-clock.ts";

describe("createDedupeWindow()", () => {
  it("evicts each id at the end of its window, and accepts it again", async () => {
    const clock = createManualClock();
    const ids = createDedupeWindow(clock, 100);
    const known = () => ["a", "b", "c"].filter((id) => ids.find(id) !== undefined);
    ids.add("a", 1);
    ids.add("b", 2);
    await clock.advance(60);
    ids.add("c", 3);
    expect([known(), ids.find("b")]).toEqual([["a", "b", "c"], 2]);
    await clock.advance(40);
    expect(known()).toEqual(["c"]);
    ids.add("a", 4);
    await clock.advance(60);
    expect([known(), ids.find("a")]).toEqual([["a"], 4]);
  });
});

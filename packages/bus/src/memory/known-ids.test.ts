import { describe, expect, it } from "vitest";
import { createKnownIds } from "./known-ids.ts";
import { createManualClock } from "./manual-clock.ts";

describe("createKnownIds()", () => {
  it("forgets each id when its time is over, and knows it anew when it is added again", async () => {
    const clock = createManualClock();
    const ids = createKnownIds(clock, 100);
    const known = () => ["a", "b", "c"].filter((id) => ids.sequenceOf(id) !== undefined);
    ids.add("a", 1);
    ids.add("b", 2);
    await clock.advance(60);
    ids.add("c", 3);
    expect([known(), ids.sequenceOf("b")]).toEqual([["a", "b", "c"], 2]);
    await clock.advance(40);
    expect(known()).toEqual(["c"]);
    ids.add("a", 4);
    await clock.advance(60);
    expect([known(), ids.sequenceOf("a")]).toEqual([["a"], 4]);
  });
});

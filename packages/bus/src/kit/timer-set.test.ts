import { describe, expect, it } from "vitest";
import { createManualClock } from "../memory/manual-clock.ts";
import { createTimerSet } from "./timer-set.ts";

describe("createTimerSet()", () => {
  it("calls back once for each item, when it is due", async () => {
    const clock = createManualClock();
    const due: string[] = [];
    const timers = createTimerSet<string>(clock, 100, (item) => due.push(item));
    timers.start("a");
    await clock.advance(60);
    timers.start("b");
    timers.start("c");
    timers.stop("c");
    await clock.advance(39);
    expect(due).toEqual([]);
    await clock.advance(1);
    expect(due).toEqual(["a"]);
    await clock.advance(1_000);
    expect(due).toEqual(["a", "b"]);
  });

  it("restarts an item, also while it falls due", async () => {
    const clock = createManualClock();
    const due: number[] = [];
    const begin = clock.now();
    const timers = createTimerSet<string>(clock, 100, (item) => {
      due.push(clock.now() - begin);
      timers.start(item);
    });
    timers.start("a");
    await clock.advance(50);
    timers.start("a");
    await clock.advance(300);
    expect(due).toEqual([150, 250, 350]);
  });

  it("uses one timer for all items, and none once cleared", () => {
    let scheduled = 0;
    const timers = createTimerSet<number>(
      {
        now: () => 0,
        monotonic: () => 0,
        schedule() {
          scheduled++;
          return () => {
            scheduled--;
          };
        },
      },
      100,
      () => {},
    );
    for (let item = 0; item < 1_000; item++) timers.start(item);
    expect(scheduled).toBe(1);
    timers.clear();
    expect(scheduled).toBe(0);
  });
});

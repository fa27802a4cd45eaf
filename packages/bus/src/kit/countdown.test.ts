import { describe, expect, it } from "vitest";
import { createManualClock } from "../memory/manual-clock.ts";
import { createCountdown } from "./countdown.ts";

describe("createCountdown()", () => {
  it("tells of each item once, when its time is up", async () => {
    const clock = createManualClock();
    const due: string[] = [];
    const countdown = createCountdown<string>(clock, 100, (item) => due.push(item));
    countdown.start("a");
    await clock.advance(60);
    countdown.start("b");
    countdown.start("c");
    countdown.stop("c");
    await clock.advance(39);
    expect(due).toEqual([]);
    await clock.advance(1);
    expect(due).toEqual(["a"]);
    await clock.advance(1_000);
    expect(due).toEqual(["a", "b"]);
  });

  it("starts an item anew, also from within", async () => {
    const clock = createManualClock();
    const due: number[] = [];
    const begin = clock.now();
    const countdown = createCountdown<string>(clock, 100, (item) => {
      due.push(clock.now() - begin);
      countdown.start(item);
    });
    countdown.start("a");
    await clock.advance(50);
    countdown.start("a");
    await clock.advance(300);
    expect(due).toEqual([150, 250, 350]);
  });

  it("needs one timer for all of its items, and none when it is cleared", () => {
    let timers = 0;
    const countdown = createCountdown<number>(
      {
        now: () => 0,
        schedule() {
          timers++;
          return () => {
            timers--;
          };
        },
      },
      100,
      () => {},
    );
    for (let item = 0; item < 1_000; item++) countdown.start(item);
    expect(timers).toBe(1);
    countdown.clear();
    expect(timers).toBe(0);
  });
});

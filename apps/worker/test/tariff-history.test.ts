import { expect, it } from "vitest";
import { createTariffHistory } from "./tariff-history.ts";

it("allows a tariff from the call that sets it until another one has replaced it", async () => {
  let time = 0;
  const history = createTariffHistory(() => time);
  const set = (tariff: string, from: number, to: number) => {
    time = from;
    return history.record(tariff, async () => void (time = to));
  };
  await set("old", 10, 12);
  await set("new", 20, 22);
  const allowed = ([from, to]: readonly [number, number]) =>
    ["old", "new", "other"].filter((tariff) => history.allows(tariff, { from, to }));
  const intervals = [
    [0, 9],
    [11, 11],
    [13, 19],
    [13, 21],
    [21, 21],
    [22, 30],
    [23, 30],
  ] as const;
  expect(intervals.map(allowed)).toEqual([
    [],
    ["old"],
    ["old"],
    ["old", "new"],
    ["old", "new"],
    ["old", "new"],
    ["new"],
  ]);
});

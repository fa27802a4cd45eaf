import { describe, expect, it } from "vitest";
import { type ConsumerSnapshot, computeLoss, type LossCheckpoint } from "./compute-loss.ts";

const before: LossCheckpoint = { consumer: "monday", sequence: 100, deliveries: 120, lost: 3 };
const at = (fields: Partial<ConsumerSnapshot>): ConsumerSnapshot => ({
  consumer: "monday",
  sequence: 100,
  deliveries: 120,
  firstSequence: 1,
  ...fields,
});

describe("computeLoss()", () => {
  it.each<[string, ConsumerSnapshot, number, Partial<LossCheckpoint>]>([
    ["nothing happened", at({}), 0, before],
    [
      "events were delivered",
      at({ sequence: 150, deliveries: 170 }),
      0,
      { sequence: 150, lost: 3 },
    ],
    [
      "retention removes what was delivered",
      at({ sequence: 150, deliveries: 170, firstSequence: 151 }),
      0,
      { sequence: 150, lost: 3 },
    ],
    ["retention overtakes the group", at({ firstSequence: 111 }), 0, { sequence: 110, lost: 13 }],
    [
      "the group goes on behind a gap",
      at({ sequence: 130, deliveries: 130, firstSequence: 125 }),
      0,
      { sequence: 130, lost: 23 },
    ],
    [
      "some deliveries were repeated",
      at({ sequence: 130, deliveries: 132, firstSequence: 125 }),
      2,
      { sequence: 130, lost: 23 },
    ],
    ["the stream is purged", at({ sequence: 140, firstSequence: 141 }), 0, { lost: 43 }],
    [
      "sequences of other groups' replays are skipped",
      at({ sequence: 110, deliveries: 125, firstSequence: 90 }),
      0,
      { sequence: 110, lost: 3 },
    ],
    [
      "the consumer is a new one",
      at({ consumer: "tuesday", sequence: 10, deliveries: 0, firstSequence: 11 }),
      0,
      { consumer: "tuesday", sequence: 10, lost: 3 },
    ],
  ])("%s", (_, snapshot, redeliveries, expected) => {
    expect(computeLoss(before, snapshot, redeliveries)).toMatchObject(expected);
  });

  it("counts nothing twice", () => {
    const gap = at({ firstSequence: 111 });
    const once = computeLoss(before, gap, 0);
    expect(computeLoss(once, gap, 0)).toEqual(once);
    const later = at({ firstSequence: 111, sequence: 112, deliveries: 122 });
    expect(computeLoss(once, later, 0).lost).toBe(13);
  });

  it("counts what a consumer without a checkpoint has not received", () => {
    expect(computeLoss(undefined, at({ firstSequence: 111 }), 0).lost).toBe(10);
    expect(computeLoss(undefined, at({}), 0).lost).toBe(0);
  });
});

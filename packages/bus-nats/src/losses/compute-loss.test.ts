import { describe, expect, it } from "vitest";
import { type ConsumerSnapshot, computeLoss, type LossCheckpoint } from "./compute-loss.ts";

const before: LossCheckpoint = {
  stream: "sunday",
  consumer: "monday",
  sequence: 100,
  deliveries: 120,
  pending: 50,
  lost: 3,
};
const at = (fields: Partial<ConsumerSnapshot>): ConsumerSnapshot => ({
  stream: "sunday",
  consumer: "monday",
  sequence: 100,
  deliveries: 120,
  pending: 50,
  firstSequence: 1,
  ...fields,
});

const none = { first: 0, repeated: 0 };

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
  ])("%s", (_, snapshot, repeated, expected) => {
    expect(computeLoss(before, snapshot, { first: 9, repeated })).toMatchObject(expected);
  });

  it.each([
    ["what was pending, but for what was delivered since", { first: 20, repeated: 7 }, 33],
    ["nothing when all was delivered", { first: 60, repeated: 0 }, 3],
  ])("counts %s, when the stream was deleted", (_, known, lost) => {
    const again = at({ stream: "friday", consumer: "friday", sequence: 0, deliveries: 0 });
    const next = computeLoss(before, again, known);
    expect(next).toMatchObject({ stream: "friday", sequence: 0, lost });
    expect(computeLoss(next, again, none).lost).toBe(lost);
  });

  it("counts nothing twice", () => {
    const gap = at({ firstSequence: 111 });
    const once = computeLoss(before, gap, none);
    expect(computeLoss(once, gap, none)).toEqual(once);
    const later = at({ firstSequence: 111, sequence: 112, deliveries: 122 });
    expect(computeLoss(once, later, none).lost).toBe(13);
  });

  it("counts what a consumer without a checkpoint has not received", () => {
    expect(computeLoss(undefined, at({ firstSequence: 111 }), none).lost).toBe(10);
    expect(computeLoss(undefined, at({}), none).lost).toBe(0);
  });
});

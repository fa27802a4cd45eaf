import { describe, expect, it } from "vitest";
import { createPlace } from "./place.ts";

describe("a place", () => {
  it("knows nothing at first", () => {
    expect(createPlace().next()).toBeUndefined();
  });

  it("knows what it refused until that is acknowledged, the latest", () => {
    const place = createPlace(2);
    for (const sequence of [1, 1, 2]) place.refused(sequence);
    expect([1, 2, 3].map((sequence) => place.refusals(sequence))).toEqual([2, 1, 0]);
    place.refused(3);
    expect([1, 2, 3].map((sequence) => place.refusals(sequence))).toEqual([0, 1, 1]);
    place.acknowledged(3);
    expect(place.refusals(3)).toBe(0);
    place.onStream("then");
    place.onStream("now");
    expect(place.refusals(2)).toBe(0);
  });

  it("goes on after what the consumer confirmed and what was acknowledged here", () => {
    const place = createPlace();
    place.reached(10);
    expect(place.next()).toBe(11);
    for (const sequence of [11, 12, 14]) place.acknowledged(sequence);
    expect(place.next()).toBe(13);
    place.reached(13);
    expect(place.next()).toBe(15);
    expect(place.unconfirmed).toBe(true);
    place.reached(14);
    expect(place.unconfirmed).toBe(false);
  });

  it("knows repeats once the consumer was made again", () => {
    const place = createPlace();
    place.reached(10);
    place.acknowledged(12);
    expect(place.isRepeat(12)).toBe(false);
    place.remade();
    expect([11, 12, 13].map((sequence) => place.isRepeat(sequence))).toEqual([false, true, false]);
  });

  it("forgets what it knew of a stream that is another one now", () => {
    const place = createPlace();
    place.onStream("monday");
    place.reached(10);
    place.acknowledged(12);
    place.onStream("monday");
    expect(place.next()).toBe(11);
    place.onStream("tuesday");
    place.remade();
    expect([place.next(), place.isRepeat(12)]).toEqual([1, false]);
  });

  it("forgets the oldest of too many acknowledgements", () => {
    const place = createPlace(2);
    place.reached(0);
    for (const sequence of [1, 2, 3]) place.acknowledged(sequence);
    expect(place.next()).toBe(1);
    place.remade();
    expect([1, 2, 3].map((sequence) => place.isRepeat(sequence))).toEqual([false, true, true]);
  });
});

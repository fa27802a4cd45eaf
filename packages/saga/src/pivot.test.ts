import { ApplicationFailure } from "@temporalio/common";
import { describe, expect, it, vi } from "vitest";
import { startSaga, waitTicks } from "../test/start-saga.ts";
import type { Saga, Step } from "./saga.ts";

async function refuse(): Promise<string> {
  throw ApplicationFailure.nonRetryable("no hotel", "not_found");
}
const failing = (ticks: number) => async (): Promise<string> => {
  await waitTicks(ticks);
  return await refuse();
};
const calls: readonly (readonly [string, Step<string>])[] = [
  ["an ordinary call", { run: failing(5) }],
  ["a local call", { local: failing(5), run: async () => "never" }],
];

const compensate = async () => undefined;
const resolved = (note: string) => note;

/** Begins a step, passes the pivot, and waits for the step at the end. */
function startTrip(hotel: Step<string>, ticksBeforePivot: number) {
  return startSaga(async (saga) => {
    await saga.step("flight", { run: async () => "ok", compensate: async () => undefined });
    const booked = saga.step("hotel", hotel);
    await waitTicks(ticksBeforePivot);
    saga.pivot();
    await waitTicks(10);
    return await booked;
  });
}

async function waitUntilParked(saga: Saga): Promise<void> {
  await vi.waitFor(() => expect(saga.parked()).toHaveLength(1));
}

describe("pivot", () => {
  it.each(calls)(
    "parks a step that began before it and is refused after it: %s",
    async (_, hotel) => {
      const { saga, result } = await startTrip({ ...hotel, compensate, resolved }, 1);
      await waitUntilParked(saga);
      expect(saga.parked()).toEqual([
        { step: "hotel", compensation: false, reason: "no hotel", resolvable: true },
      ]);
      expect(saga.cancel("rain")).toBe(false);
      expect(saga.resolve("booked by phone")).toEqual(["hotel"]);
      expect(await result).toEqual({ outcome: "completed", value: "booked by phone" });
    },
  );

  it("retries a parked step that began before it", async () => {
    let attempts = 0;
    const run = () => (++attempts === 1 ? failing(5)() : Promise.resolve("room 7"));
    const { saga, result } = await startTrip({ run, compensate }, 1);
    await waitUntilParked(saga);
    saga.retry();
    expect(await result).toEqual({ outcome: "completed", value: "room 7" });
  });

  it("parks a step that nobody waits for, and waits for it", async () => {
    const { saga, result } = await startSaga(async (started) => {
      void started.step("hotel", { run: failing(8), compensate, resolved });
      started.pivot();
    });
    await waitUntilParked(saga);
    saga.resolve("by hand");
    expect(await result).toMatchObject({ outcome: "completed" });
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])(
    "either compensates a refused step or parks it, %i ticks after it began",
    async (ticks) => {
      const hotel = { run: failing(4), compensate, resolved };
      const { saga, result } = await startTrip(hotel, ticks);
      const over = result.then(() => true);
      await Promise.race([over, waitUntilParked(saga)]);
      if (saga.progress().pivoted) saga.resolve("by hand");
      const expected = saga.progress().pivoted
        ? { outcome: "completed", value: "by hand" }
        : { outcome: "compensated", cause: { kind: "refused", step: "hotel", code: "not_found" } };
      expect(await result).toMatchObject(expected);
    },
  );

  it("is not passed after a step has failed, also when the body caught the failure", async () => {
    const { result } = await startSaga(async (saga) => {
      await saga.step("hotel", { run: refuse, compensate }).catch(() => undefined);
      saga.pivot();
    });
    expect(await result).toMatchObject({ outcome: "compensated", cause: { step: "hotel" } });
  });
});

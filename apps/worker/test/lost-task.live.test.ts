import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openTripLab, type TestTrip, type TripLab } from "./trip-lab.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let lab: TripLab;
beforeAll(async () => {
  lab = await openTripLab();
});
afterAll(() => lab?.[Symbol.asyncDispose]());

/** Has the effects of the local activities of a workflow task whose end never reached Temporal. */
function loseTask({ fake }: TestTrip): void {
  fake.vehicle = "vehicle-1";
  fake.tab = { limit: { minorUnits: 14_500, currency: "EUR" }, state: "open" };
  fake.charges.set("charge-unlock-fee", { minorUnits: 100, currency: "EUR" });
}

function away(): Promise<never> {
  return Promise.reject(new Error("fleet is away"));
}

describe("a trip whose first workflow task was lost with its local activities", () => {
  it("compensates what that task did when the next one begins with a cancellation", async () => {
    const trip = lab.begin({}, {}, "cancelled");
    await vi.waitFor(() => trip.handle.describe(), { timeout: 30_000 });
    await trip.handle.cancel();
    loseTask(trip);
    await using stack = new AsyncDisposableStack();
    stack.use(await lab.startWorker("cancelled"));
    expect(await trip.started).toMatchObject({ status: "CANCELLED" });
    expect(trip.fake.vehicle).toBeUndefined();
    expect(trip.fake.tab?.state).toBe("void");
    expect([...trip.fake.charges]).toEqual([]);
  });

  it("compensates what that task did when a step does not succeed any more", async () => {
    const trip = lab.begin(
      { reserveVehicle: { before: away } },
      { timings: { stepTimeoutMs: 2_000 } },
      "failed",
    );
    await vi.waitFor(() => trip.handle.describe(), { timeout: 30_000 });
    loseTask(trip);
    await using stack = new AsyncDisposableStack();
    stack.use(await lab.startWorker("failed"));
    expect(await trip.started).toMatchObject({ status: "CANCELLED" });
    expect(trip.fake.vehicle).toBeUndefined();
    expect(trip.fake.tab?.state).toBe("void");
    expect([...trip.fake.charges]).toEqual([]);
  });
});

import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { waitUntil } from "@fanfare/dev-stack";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { eventually } from "./eventually.ts";
import { beginTrip, type RealTrip, waitUntilActive } from "./real-trip.ts";
import { openServiceLab, type ServiceLab } from "./service-lab.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let lab: ServiceLab;
beforeAll(async () => {
  lab = await openServiceLab();
});
afterAll(() => lab?.[Symbol.asyncDispose]());

/** A call that the workflow cannot answer in time. */
const hasty = { timeoutMs: 1_500 };

/** Begins a drive that has lasted for 58 s, so that its second minute begins during a short outage. */
async function beginLongDrive(): Promise<RealTrip> {
  const trip = await waitUntilActive(await beginTrip(lab));
  await trip.started;
  await lab.books.backdateStart(trip.tripId, 58_000);
  return trip;
}

async function waitForSecondMinute({ tripId }: RealTrip): Promise<void> {
  await waitUntil(async () => (await lab.books.readElapsed(tripId)) > 60_500, {
    what: "the second minute of the drive",
  });
}

// Every read of an account checks M as well.
describe("M: the rider pays until the recorded request", () => {
  it("when the worker is down", async () => {
    const trip = await beginLongDrive();
    await lab.restartWorker(async () => {
      const { trip: asked } = await lab.rider(trip.rider).endTrip({ tripId: trip.tripId }, hasty);
      expect(asked).toMatchObject({
        status: TripStatus.ACTIVE,
        endRequestedAt: expect.anything(),
      });
      await waitForSecondMinute(trip);
    });
    await trip.expectSettled();
    expect((await trip.readAccount()).captured).toBe(130);
  });

  it("when the workflow is terminated before it gets the request", async () => {
    const trip = await beginLongDrive();
    await lab.restartWorker(async () => {
      await lab.rider(trip.rider).endTrip({ tripId: trip.tripId }, hasty);
      await lab.workflow(trip.tripId).terminate("the test ends it");
      await waitForSecondMinute(trip);
    });
    await trip.expectSettled();
    expect((await trip.readAccount()).captured).toBe(130);
  });
});

describe("a recorded cancellation", () => {
  it("is carried out once the worker is back, with its reason", async () => {
    const trip = await waitUntilActive(await beginTrip(lab));
    await trip.started;
    await lab.restartWorker(async () => {
      const request = { tripId: trip.tripId, reason: "rain" };
      const { trip: asked } = await lab.operator.cancelTrip(request, hasty);
      expect(asked).toMatchObject({ cancelRequestedAt: expect.anything() });
    });
    await trip.expectCompensated();
    await eventually(async () => expect((await trip.readAccount()).reason).toBe("rain"));
  });
});

/** Begins a drive whose grace is over: that of the tariff `launch` is 2 min. */
async function beginDriveAfterGrace(): Promise<RealTrip> {
  const trip = await waitUntilActive(await beginTrip(lab));
  await trip.started;
  await lab.books.backdateStart(trip.tripId, 120_000);
  return trip;
}

describe("a drive whose grace is over before the worker has noticed", () => {
  it("refuses a cancellation, and continues", async () => {
    const trip = await beginDriveAfterGrace();
    await expect(trip.cancel()).rejects.toThrow("is over: end the trip instead");
    expect((await trip.readAccount()).status).toBe("ACTIVE");
    await trip.end();
    await eventually(async () =>
      expect(await trip.readAccount()).toMatchObject({ status: "SETTLED", captured: 190 }),
    );
  });

  it("ends when Temporal is asked to cancel its workflow, and is settled", async () => {
    const trip = await beginDriveAfterGrace();
    await lab.workflow(trip.tripId).cancel();
    await eventually(async () =>
      expect(await trip.readAccount()).toMatchObject({ status: "SETTLED", captured: 190 }),
    );
    await eventually(async () => {
      expect((await lab.workflow(trip.tripId).describe()).status.name).toBe("COMPLETED");
    });
  });
});

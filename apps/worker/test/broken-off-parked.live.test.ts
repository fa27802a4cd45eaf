import { compensationSuffix, steps } from "@fanfare/trip-contract";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  cancel,
  createBrokenOffTrips,
  end,
  waitUntilCompensated,
  waitUntilParked,
  waitUntilSettled,
} from "./broken-off-trips.ts";
import { eventually } from "./eventually.ts";
import { createGate } from "./fake-services.ts";
import { type Fault, refuseCall } from "./faults.ts";
import { beginTrip, type RealTrip } from "./real-trip.ts";
import { openServiceLab, type ServiceLab } from "./service-lab.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000, maxConcurrency: 20 });

let lab: ServiceLab;
beforeAll(async () => {
  lab = await openServiceLab();
});
afterAll(() => lab?.[Symbol.asyncDispose]());
const { readStatus, terminate } = createBrokenOffTrips(() => lab);

async function waitUntilParkedAt(trip: RealTrip, step: string): Promise<void> {
  await eventually(async () => expect((await trip.readAccount()).reason).toContain(`${step}: `));
}

describe.concurrent("a parked trip whose workflow is terminated", () => {
  it("after the pivot is parked again, and settles when an operator resolves it", async () => {
    const trip = await beginTrip(lab, { paymentMethod: "pm_card_chargeCustomerFail" });
    await end(trip);
    await waitUntilParked(trip);
    await terminate(trip);
    await eventually(async () => expect(await readStatus(trip)).toBe("RUNNING"));
    await eventually(async () => {
      const resolved = await lab.operator.resolveTrip({ tripId: trip.tripId, note: "written off" });
      expect(resolved.steps).toEqual([steps.capture]);
    });
    await eventually(async () =>
      expect(await trip.readAccount()).toMatchObject({
        status: "SETTLED",
        fare: 30,
        settled: 0,
        broadcast: "PUBLISHED",
        vehicles: [],
        charges: 2,
        captured: 0,
      }),
    );
    expect(lab.events.countDeliveries(trip.tripId)).toEqual({ revenue: 1, audit: 1 });
  });

  it("after the pivot charges no fare that an operator has resolved", async () => {
    const trip = await beginTrip(lab, {
      paymentMethod: "pm_card_chargeCustomerFail",
      faults: { [steps.chargeFare]: refuseCall(Infinity) },
    });
    const { tripId } = trip;
    end(trip).catch(() => undefined);
    await waitUntilParked(trip);
    await lab.operator.resolveTrip({ tripId, step: steps.chargeFare, note: "paid in cash" });
    await waitUntilParkedAt(trip, steps.capture);
    lab.faults.plan(tripId, {});
    await terminate(trip);
    const capture = { tripId, step: steps.capture, note: "paid in cash" };
    await eventually(async () => {
      // Refused until the step is parked again, and once it is resolved.
      await lab.operator.resolveTrip(capture).catch(() => undefined);
      expect(await trip.readAccount()).toMatchObject({ status: "SETTLED", broadcast: "PUBLISHED" });
    });
    expect(await trip.readAccount()).toMatchObject({ charges: 1, balance: 100, captured: 0 });
  });

  it("before the pivot repeats no compensation that an operator has resolved", async () => {
    const trip = await beginTrip(lab, {
      rider: "hasty",
      faults: {
        [`${steps.openTab}${compensationSuffix}`]: refuseCall(Infinity),
        [`${steps.reserveVehicle}${compensationSuffix}`]: refuseCall(Infinity),
      },
    });
    const { tripId } = trip;
    cancel(trip).catch(() => undefined);
    await waitUntilParked(trip);
    await lab.operator.resolveTrip({ tripId, step: steps.openTab, note: "voided by hand" });
    await waitUntilParkedAt(trip, steps.reserveVehicle);
    lab.faults.plan(tripId, {});
    await terminate(trip);
    await eventually(async () =>
      expect(await trip.readAccount()).toMatchObject({ status: "CANCELLED", vehicles: [] }),
    );
    expect(await trip.readAccount()).toMatchObject({ reason: "changed my mind", tab: "open" });
    expect(await lab.workflow(tripId).result()).toMatchObject({ reason: "changed my mind" });
  });

  it("with a parked release clears its reason once the vehicle is released", async () => {
    const gate = createGate();
    const refusal: Fault = async (send, attempt) => {
      await gate.pass(attempt.number);
      return await refuseCall(Infinity)(send, attempt);
    };
    const trip = await beginTrip(lab, { faults: { [steps.releaseVehicle]: refusal } });
    await end(trip);
    const says = (some: object) =>
      eventually(async () => expect(await trip.readAccount()).toMatchObject(some));
    await says({ status: "SETTLED", broadcast: "PUBLISHED" });
    gate.open();
    await says({ status: "SETTLED", reason: "release-vehicle: not today" });
    lab.faults.plan(trip.tripId, {});
    await terminate(trip);
    await says({ vehicles: [], reason: null });
    expect((await waitUntilSettled(trip)).reason).toBeNull();
  });

  it("before the pivot retries the parked compensation", async () => {
    const trip = await beginTrip(lab, {
      rider: "hasty",
      faults: { [`${steps.openTab}${compensationSuffix}`]: refuseCall(1) },
    });
    await cancel(trip);
    await waitUntilParked(trip);
    lab.faults.plan(trip.tripId, {});
    await terminate(trip);
    expect((await waitUntilCompensated(trip)).reason).toBe("changed my mind");
  });
});

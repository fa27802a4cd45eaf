import {
  compensationSuffix,
  createTripWorkflowId,
  steps,
  type TripInput,
  taskQueue,
  tripWorkflowType,
} from "@fanfare/trip-contract";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  cancel,
  createBrokenOffTrips,
  end,
  listPlaces,
  start,
  waitUntilCompensated,
  waitUntilSettled,
} from "./broken-off-trips.ts";
import { eventually } from "./eventually.ts";
import { createGate } from "./fake-services.ts";
import { holdAt } from "./faults.ts";
import { addVehicle, beginTrip, createRider, waitUntilActive } from "./real-trip.ts";
import { openServiceLab, type ServiceLab } from "./service-lab.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000, maxConcurrency: 20 });

let lab: ServiceLab;
beforeAll(async () => {
  lab = await openServiceLab();
});
afterAll(() => lab?.[Symbol.asyncDispose]());
const { deleteWorkflow, holdTrip, readStatus, terminate, waitUntilResumed } = createBrokenOffTrips(
  () => lab,
);

const inOrder: readonly string[] = Object.values(steps);
const compensatable = inOrder.slice(0, inOrder.indexOf(steps.drive));
const afterPivot = listPlaces(inOrder.slice(inOrder.indexOf(steps.completeDrive)));

describe.concurrent("a trip whose workflow is terminated before its drive is compensated, with", () => {
  it.for(listPlaces(compensatable))("$step held $moment its effect", async ({ step, moment }) => {
    const { trip, gate } = await holdTrip(step, { moment, go: start });
    await terminate(trip);
    await eventually(async () => expect((await trip.readAccount()).status).toBe("CANCELLED"));
    gate.open();
    expect((await waitUntilCompensated(trip)).reason).toBe("its workflow was terminated");
    await eventually(async () => expect(await readStatus(trip)).toBe("COMPLETED"));
  });

  it.for(listPlaces(compensatable))(
    "$step held $moment its effect, unless the local calls that follow make it ACTIVE",
    async ({ step, moment }) => {
      const { trip, gate } = await holdTrip(step, { moment, go: start });
      await terminate(trip, gate);
      await eventually(async () => {
        const { status } = await trip.readAccount();
        expect([status, await readStatus(trip)]).toBeOneOf([
          ["CANCELLED", "COMPLETED"],
          ["ACTIVE", "RUNNING"],
        ]);
      });
      const isActive = (await trip.readAccount()).status === "ACTIVE";
      if (isActive) await trip.end();
      await (isActive ? waitUntilSettled(trip) : waitUntilCompensated(trip));
    },
  );

  it.for(listPlaces(compensatable))(
    "the compensation of $step held $moment its effect",
    async ({ step, moment }) => {
      const { trip, gate } = await holdTrip(`${step}${compensationSuffix}`, { moment, go: cancel });
      await terminate(trip, gate);
      expect((await waitUntilCompensated(trip)).status).toBe("CANCELLED");
    },
  );
});

describe.concurrent("a trip whose workflow is terminated during its drive resumes it", () => {
  it("and settles when the rider ends it", async () => {
    const trip = await waitUntilActive(await beginTrip(lab));
    await terminate(trip);
    await waitUntilResumed(trip);
    await trip.end();
    expect((await waitUntilSettled(trip)).status).toBe("SETTLED");
  });

  it("and is compensated when the rider cancels it within the grace", async () => {
    const trip = await waitUntilActive(await beginTrip(lab));
    await terminate(trip);
    await waitUntilResumed(trip);
    await trip.cancel();
    expect((await waitUntilCompensated(trip)).reason).toBe("changed my mind");
  });

  it("also when the answer of its activation was held", async () => {
    const { trip, gate } = await holdTrip(steps.drive, { moment: "after", go: start });
    await terminate(trip, gate);
    await waitUntilResumed(trip);
    await trip.end();
    expect((await waitUntilSettled(trip)).status).toBe("SETTLED");
  });

  it("unless the registry had not made it ACTIVE", async () => {
    const { trip, gate } = await holdTrip(steps.drive, { moment: "before", go: start });
    await terminate(trip);
    expect((await waitUntilCompensated(trip)).reason).toBe("its workflow was terminated");
    gate.open();
    expect((await waitUntilCompensated(trip)).status).toBe("CANCELLED");
  });
});

describe.concurrent("a trip whose workflow is terminated after the pivot is settled, with", () => {
  it.for(afterPivot)("$step held $moment its effect", async ({ step, moment }) => {
    const { trip, gate } = await holdTrip(step, { moment, go: end });
    await terminate(trip, gate);
    const settled = { status: "SETTLED", broadcast: "PUBLISHED" };
    expect(await waitUntilSettled(trip)).toMatchObject(settled);
  });

  it("only the release of the vehicle left", async () => {
    const { trip, gate } = await holdTrip(steps.releaseVehicle, { moment: "before", go: end });
    await eventually(async () =>
      expect(await trip.readAccount()).toMatchObject({ broadcast: "PUBLISHED" }),
    );
    await lab.workflow(trip.tripId).terminate("the test ends it");
    expect((await waitUntilSettled(trip)).vehicles).toEqual([]);
    gate.open();
  });
});

describe.concurrent("a trip whose drive begins after its workflow was terminated", () => {
  it("is settled when its end is recorded before the compensation", async () => {
    const [activation, recovery] = [createGate(), createGate()];
    const trip = await beginTrip(lab, {
      faults: {
        [steps.drive]: holdAt(activation, "before"),
        // The first record of the second workflow.
        "compensate-1000001": holdAt(recovery, "before"),
      },
    });
    await activation.reached;
    await terminate(trip);
    await recovery.reached;
    const copies = lab.faults.copies(trip.tripId);
    await copies.find(({ activityId }) => activityId === steps.drive)?.deliver();
    await waitUntilActive(trip);
    activation.open();
    trip.end().catch(() => undefined);
    await eventually(async () => expect((await trip.readAccount()).requestedMs).not.toBeNull());
    recovery.open();
    expect((await waitUntilSettled(trip)).status).toBe("SETTLED");
  });
});

describe.concurrent("a workflow that ends early", () => {
  it("by a failure has its trip compensated before the drive", async () => {
    const gate = createGate();
    const faults = { [steps.openTab]: holdAt(gate, "before") };
    const trip = await beginTrip(lab, { rider: "unlucky", faults });
    expect((await waitUntilCompensated(trip)).reason).toBe("its workflow failed");
    gate.open();
  });

  it("by a timeout has its drive resumed", async () => {
    const gate = createGate();
    const tripId = crypto.randomUUID();
    const vehicleId = await addVehicle(lab.books);
    const input: TripInput = {
      tripId,
      vehicleId,
      riderId: createRider("rosa", tripId),
      paymentMethod: "pm_card_visa",
      requestedAt: new Date().toISOString(),
    };
    const faults = { [steps.acceptTrip]: holdAt(gate, "before") };
    lab.faults.plan(tripId, faults);
    // StartTrip sets no timeout: another caller started this workflow before it.
    await lab.temporal.workflow.start(tripWorkflowType, {
      taskQueue,
      workflowId: createTripWorkflowId(tripId),
      workflowExecutionTimeout: "20 seconds",
      args: [input],
    });
    await gate.reached;
    const trip = await beginTrip(lab, { tripId, vehicleId, faults });
    await eventually(async () => expect((await trip.readAccount()).status).toBe("REQUESTED"));
    gate.open();
    await waitUntilActive(trip);
    const { runId } = await lab.workflow(tripId).describe();
    await eventually(async () => {
      const latest = await lab.workflow(tripId).describe();
      expect([latest.status.name, latest.runId === runId]).toEqual(["RUNNING", false]);
    });
    await trip.end();
    expect((await waitUntilSettled(trip)).status).toBe("SETTLED");
  });

  it("by a termination during its recovery is recovered again", async () => {
    const gate = createGate();
    const trip = await beginTrip(lab, {
      faults: { [`${steps.openTab}${compensationSuffix}`]: holdAt(gate, "before") },
    });
    cancel(trip).catch(() => undefined);
    await gate.reached;
    await terminate(trip);
    await eventually(async () => expect(await readStatus(trip)).toBe("RUNNING"));
    await terminate(trip, gate);
    expect((await waitUntilCompensated(trip)).reason).toBe("changed my mind");
  });
});

describe("a workflow that is deleted from Temporal", () => {
  it("has its drive resumed, and its trip compensated before it and settled after it", async () => {
    const driving = await waitUntilActive(await beginTrip(lab));
    const compensating = await holdTrip(`${steps.openTab}${compensationSuffix}`, {
      moment: "before",
      go: cancel,
    });
    const charging = await holdTrip(steps.chargeFare, { moment: "before", go: end });
    const telling = await holdTrip(steps.publish, { moment: "after", go: end });
    const releasing = await holdTrip(steps.releaseVehicle, { moment: "before", go: end });
    await eventually(async () =>
      expect(await releasing.trip.readAccount()).toMatchObject({ broadcast: "PUBLISHED" }),
    );
    const halts = [compensating, charging, telling];
    const trips = [driving, releasing.trip, ...halts.map(({ trip }) => trip)];
    // Temporal terminates a workflow before it deletes it: trips must not see that.
    await lab.app.trips.kill();
    await Promise.all(trips.map(deleteWorkflow));
    for (const { gate } of halts) gate.open();
    await lab.app.trips.start();
    await waitUntilResumed(driving);
    await driving.end();
    await waitUntilSettled(driving);
    expect((await waitUntilCompensated(compensating.trip)).status).toBe("CANCELLED");
    for (const { trip } of [charging, telling]) {
      expect(await waitUntilSettled(trip)).toMatchObject({
        status: "SETTLED",
        broadcast: "PUBLISHED",
      });
    }
    expect((await waitUntilSettled(releasing.trip)).vehicles).toEqual([]);
    releasing.gate.open();
  });
});

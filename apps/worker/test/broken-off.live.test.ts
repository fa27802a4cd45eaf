import {
  compensationSuffix,
  createTripWorkflowId,
  steps,
  type TripInput,
  taskQueue,
  tripWorkflowType,
} from "@fanfare/trip-contract";
import { WorkflowNotFoundError } from "@temporalio/client";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { eventually } from "./eventually.ts";
import { createGate, type Gate } from "./fake-services.ts";
import { type Fault, holdAt, refuseCall } from "./faults.ts";
import { addVehicle, beginTrip, createRider, type RealTrip, waitUntilActive } from "./real-trip.ts";
import { openServiceLab, type ServiceLab } from "./service-lab.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000, maxConcurrency: 20 });

let lab: ServiceLab;
beforeAll(async () => {
  lab = await openServiceLab();
});
afterAll(() => lab?.[Symbol.asyncDispose]());

const inOrder: readonly string[] = Object.values(steps);
const pivot = inOrder.indexOf(steps.completeDrive);
const compensatable = inOrder.slice(0, inOrder.indexOf(steps.drive));
const moments = ["before", "after"] as const;
const listPlaces = (names: readonly string[]) =>
  names.flatMap((step) => moments.map((moment) => ({ step, moment })));

/** Runs a trip until the call of an activity is held, before it or before its reply. */
async function holdTrip(
  activityId: string,
  { moment, go }: { moment: "before" | "after"; go: (trip: RealTrip) => Promise<unknown> },
): Promise<{ trip: RealTrip; gate: Gate }> {
  const gate = createGate();
  let reached = false;
  void gate.reached.then(() => (reached = true));
  // Only the first attempt is held: it can time out.
  const once: Fault = (send, attempt) => (reached ? send() : holdAt(gate, moment)(send, attempt));
  const trip = await beginTrip(lab, { faults: { [activityId]: once } });
  const going = go(trip);
  // Once the gate is reached, the test decides what happens to the trip.
  await Promise.race([gate.reached, going.then(() => gate.reached)]);
  going.catch(() => undefined);
  return { trip, gate };
}

const start = ({ started }: RealTrip) => started;
const cancel = async (trip: RealTrip) => await (await waitUntilActive(trip)).cancel();
const end = async (trip: RealTrip) => await (await waitUntilActive(trip)).end();

async function waitUntilParked(trip: RealTrip): Promise<void> {
  await eventually(async () => expect((await trip.readAccount()).status).toBe("NEEDS_ATTENTION"));
}

async function waitUntilParkedAt(trip: RealTrip, step: string): Promise<void> {
  await eventually(async () => expect((await trip.readAccount()).reason).toContain(`${step}: `));
}

/** Terminates the workflow and releases its held calls. */
async function terminate(trip: RealTrip, gate?: Gate): Promise<void> {
  await lab.workflow(trip.tripId).terminate("the test ends it");
  gate?.open();
}

/** Reads the account before and after all calls are delivered again. */
async function redeliverAll(trip: RealTrip) {
  const before = await trip.readAccount();
  await trip.redeliver();
  return { before, after: await trip.readAccount() };
}

/** Waits until the trip is compensated, delivers all calls again, and returns the unchanged account. */
async function waitUntilCompensated(trip: RealTrip) {
  await trip.expectCompensated();
  const { before, after } = await redeliverAll(trip);
  expect(after).toEqual(before);
  return after;
}

/** Waits until the trip is settled, delivers all calls again, and returns the unchanged account. */
async function waitUntilSettled(trip: RealTrip) {
  await trip.expectSettled();
  const { before, after } = await redeliverAll(trip);
  expect(after).toEqual(before);
  return after;
}

/** Waits until another workflow of the trip runs. */
async function waitUntilResumed(trip: RealTrip): Promise<void> {
  await eventually(async () => expect(await readStatus(trip)).toBe("RUNNING"));
  expect((await trip.readAccount()).status).toBe("ACTIVE");
}

const readStatus = async (trip: RealTrip) =>
  (await lab.workflow(trip.tripId).describe()).status.name;

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

const afterPivot = listPlaces(inOrder.slice(pivot));

describe.concurrent("a trip whose workflow is terminated after the pivot is settled, with", () => {
  it.for(afterPivot.filter(({ step }) => step !== steps.publish))(
    "$step held $moment its effect",
    async ({ step, moment }) => {
      const { trip, gate } = await holdTrip(step, { moment, go: end });
      await terminate(trip, gate);
      expect((await waitUntilSettled(trip)).status).toBe("SETTLED");
    },
  );

  it.for(afterPivot.filter(({ step }) => step === steps.publish))(
    "the broadcast held $moment its effect",
    async ({ step, moment }) => {
      const { trip, gate } = await holdTrip(step, { moment, go: end });
      await terminate(trip, gate);
      expect((await waitUntilSettled(trip)).broadcast).toBe("PUBLISHED");
    },
  );

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

/** Deletes the trip's workflow, as `temporal workflow delete` does, and waits until it is gone. */
async function deleteWorkflow({ tripId }: RealTrip): Promise<void> {
  const { workflowService, options } = lab.temporal;
  const { namespace } = options;
  const workflowExecution = { workflowId: createTripWorkflowId(tripId) };
  await workflowService.deleteWorkflowExecution({ namespace, workflowExecution });
  await eventually(() =>
    expect(lab.workflow(tripId).describe()).rejects.toBeInstanceOf(WorkflowNotFoundError),
  );
}

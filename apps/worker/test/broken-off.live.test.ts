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
import { addVehicle, beginTrip, type RealTrip, waitUntilActive } from "./real-trip.ts";
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
const placesOf = (names: readonly string[]) =>
  names.flatMap((step) => moments.map((moment) => ({ step, moment })));

/** halted takes a trip to where the call of an activity is held, on its way there or back. */
async function halted(
  activityId: string,
  { moment, go }: { moment: "before" | "after"; go: (trip: RealTrip) => Promise<unknown> },
): Promise<{ trip: RealTrip; gate: Gate }> {
  const gate = createGate();
  let reached = false;
  void gate.reached.then(() => (reached = true));
  // The first that gets there: a try that is slow may be given up on its way.
  const once: Fault = (send, attempt) => (reached ? send() : holdAt(gate, moment)(send, attempt));
  const trip = await beginTrip(lab, { faults: { [activityId]: once } });
  const going = go(trip);
  // What comes of it once the gate is reached is the test's own doing.
  await Promise.race([gate.reached, going.then(() => gate.reached)]);
  going.catch(() => undefined);
  return { trip, gate };
}

const cancel = async (trip: RealTrip) => await (await waitUntilActive(trip)).cancel();
const end = async (trip: RealTrip) => await (await waitUntilActive(trip)).end();

async function isParked(trip: RealTrip): Promise<void> {
  await eventually(async () => expect((await trip.readAccount()).status).toBe("NEEDS_ATTENTION"));
}

/** terminate ends the workflow, and lets go what it still had on its way. */
async function terminate(trip: RealTrip, gate?: Gate): Promise<void> {
  await lab.workflow(trip.tripId).terminate("somebody ends it");
  gate?.open();
}

/** redelivered is what the databases hold before and after every call has arrived once more. */
async function redelivered(trip: RealTrip) {
  const before = await trip.readAccount();
  await trip.redeliver();
  return { before, after: await trip.readAccount() };
}

/** compensated waits until nothing is left, whatever arrives once more, and is what the databases say then. */
async function compensated(trip: RealTrip) {
  await trip.expectCompensated();
  const { before, after } = await redelivered(trip);
  expect(after).toEqual(before);
  return after;
}

/** settled does the same for a trip that is paid for. */
async function settled(trip: RealTrip) {
  await trip.expectSettled();
  const { before, after } = await redelivered(trip);
  expect(after).toEqual(before);
  return after;
}

const statusOf = async (trip: RealTrip) => (await lab.workflow(trip.tripId).describe()).status.name;

describe.concurrent("a workflow that is terminated before the pivot: the trip is compensated, with", () => {
  it.for(placesOf(inOrder.slice(0, pivot)))(
    "$step held $moment its effect",
    async ({ step, moment }) => {
      const { trip, gate } = await halted(step, { moment, go: ({ started }) => started });
      await terminate(trip, gate);
      expect((await compensated(trip)).reason).toBe("its workflow was terminated");
      await eventually(async () => expect(await statusOf(trip)).toBe("COMPLETED"));
    },
  );

  it("a rider who drives", async () => {
    const trip = await waitUntilActive(await beginTrip(lab));
    await terminate(trip);
    expect((await compensated(trip)).reason).toBe("its workflow was terminated");
  });

  it.for(placesOf(compensatable))(
    "the compensation of $step held $moment its effect",
    async ({ step, moment }) => {
      const { trip, gate } = await halted(`${step}${compensationSuffix}`, { moment, go: cancel });
      await terminate(trip, gate);
      expect((await compensated(trip)).status).toBe("CANCELLED");
    },
  );
});

const afterPivot = placesOf(inOrder.slice(pivot)).filter(
  ({ step, moment }) => step !== steps.completeDrive || moment === "after",
);

describe.concurrent("a workflow that is terminated after the pivot: the trip is settled, with", () => {
  it.for(afterPivot.filter(({ step }) => step !== steps.publish))(
    "$step held $moment its effect",
    async ({ step, moment }) => {
      const { trip, gate } = await halted(step, { moment, go: end });
      await terminate(trip, gate);
      expect((await settled(trip)).status).toBe("SETTLED");
    },
  );

  it.for(afterPivot.filter(({ step }) => step === steps.publish))(
    "the broadcast held $moment its effect",
    async ({ step, moment }) => {
      const { trip, gate } = await halted(step, { moment, go: end });
      await terminate(trip, gate);
      expect((await settled(trip)).broadcast).toBe("PUBLISHED");
    },
  );

  it("nothing left but the release of the vehicle", async () => {
    const { trip, gate } = await halted(steps.releaseVehicle, { moment: "before", go: end });
    await eventually(async () =>
      expect(await trip.readAccount()).toMatchObject({ broadcast: "PUBLISHED" }),
    );
    await lab.workflow(trip.tripId).terminate("somebody ends it");
    expect((await settled(trip)).vehicles).toEqual([]);
    gate.open();
  });
});

describe.concurrent("a workflow that is terminated at the pivot", () => {
  it("is compensated or settled, as the registry decides, and never both", async () => {
    const { trip, gate } = await halted(steps.completeDrive, { moment: "before", go: end });
    await terminate(trip, gate);
    await eventually(async () => {
      const { status, broadcast } = await trip.readAccount();
      expect([status, broadcast]).toBeOneOf([
        ["CANCELLED", null],
        ["SETTLED", "PUBLISHED"],
      ]);
    });
    const { status } = await trip.readAccount();
    await (status === "SETTLED" ? settled(trip) : compensated(trip));
  });
});

describe.concurrent("a workflow that is terminated while its trip is parked", () => {
  it("after the pivot: the trip is parked again, and settles once an operator says so", async () => {
    const trip = await beginTrip(lab, { paymentMethod: "pm_card_chargeCustomerFail" });
    await end(trip);
    await isParked(trip);
    await terminate(trip);
    await eventually(async () => expect(await statusOf(trip)).toBe("RUNNING"));
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
    expect(lab.countDeliveries(trip.tripId)).toEqual({ revenue: 1, audit: 1 });
  });

  it("with the vehicle alone: a settled trip says nothing of it once it is released", async () => {
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
    expect((await settled(trip)).reason).toBeNull();
  });

  it("before it: what kept the compensation from succeeding is tried again", async () => {
    const trip = await beginTrip(lab, {
      rider: "hasty",
      faults: { [`${steps.openTab}${compensationSuffix}`]: refuseCall(1) },
    });
    await cancel(trip);
    await isParked(trip);
    lab.faults.plan(trip.tripId, {});
    await terminate(trip);
    expect((await compensated(trip)).reason).toBe("its workflow was terminated");
  });
});

describe.concurrent("a workflow that ends in another way without its end", () => {
  it("fails: its trip is compensated", async () => {
    const trip = await beginTrip(lab, { rider: "unlucky" });
    expect((await compensated(trip)).reason).toBe("its workflow failed");
  });

  it("times out: its trip is compensated", async () => {
    const gate = createGate();
    const tripId = crypto.randomUUID();
    const vehicleId = await addVehicle(lab.books);
    const input: TripInput = {
      tripId,
      vehicleId,
      riderId: "rosa",
      paymentMethod: "pm_card_visa",
      requestedAt: new Date().toISOString(),
    };
    const faults = { [steps.acceptTrip]: holdAt(gate, "before") };
    lab.faults.plan(tripId, faults);
    // The edge starts none with a timeout: somebody else has, before it.
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
    expect((await compensated(trip)).reason).toBe("its workflow was timed out");
  });

  it("is terminated again while it is put right, and is put right again", async () => {
    const gate = createGate();
    const trip = await beginTrip(lab, {
      faults: { [`${steps.openTab}${compensationSuffix}`]: holdAt(gate, "before") },
    });
    await waitUntilActive(trip);
    await terminate(trip);
    await gate.reached;
    await terminate(trip, gate);
    expect((await compensated(trip)).reason).toBe("its workflow was terminated");
  });
});

describe("a workflow that is deleted from Temporal", () => {
  it("is taken for broken off: its trip is compensated before the pivot, and settled after it", async () => {
    const driving = await waitUntilActive(await beginTrip(lab));
    const compensating = await halted(`${steps.openTab}${compensationSuffix}`, {
      moment: "before",
      go: cancel,
    });
    const charging = await halted(steps.chargeFare, { moment: "before", go: end });
    const telling = await halted(steps.publish, { moment: "after", go: end });
    const halts = [compensating, charging, telling];
    const trips = [driving, ...halts.map(({ trip }) => trip)];
    // So that nobody sees them terminated, which they are on the way out.
    await lab.app.trips.kill();
    await Promise.all(trips.map(deleted));
    for (const { gate } of halts) gate.open();
    await lab.app.trips.start();
    const reason = "its workflow is gone from Temporal";
    expect((await compensated(driving)).reason).toBe(reason);
    expect((await compensated(compensating.trip)).status).toBe("CANCELLED");
    for (const { trip } of [charging, telling]) {
      expect(await settled(trip)).toMatchObject({ status: "SETTLED", broadcast: "PUBLISHED" });
    }
  });
});

/** deleted deletes the trip's workflow, as `temporal workflow delete` does, until nobody knows it. */
async function deleted({ tripId }: RealTrip): Promise<void> {
  const { workflowService, options } = lab.temporal;
  const { namespace } = options;
  const workflowExecution = { workflowId: createTripWorkflowId(tripId) };
  await workflowService.deleteWorkflowExecution({ namespace, workflowExecution });
  await eventually(() =>
    expect(lab.workflow(tripId).describe()).rejects.toBeInstanceOf(WorkflowNotFoundError),
  );
}

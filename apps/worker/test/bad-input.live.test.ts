import { operatorUpdates, type TripInput, updates } from "@fanfare/trip-contract";
import { WorkflowNotFoundError } from "@temporalio/client";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { eventually } from "./eventually.ts";
import { refuse } from "./fake-services.ts";
import { catchUpdateRefusal, openTripLab, type TestTrip, type TripLab } from "./trip-lab.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let lab: TripLab;
beforeAll(async () => {
  lab = await openTripLab();
});
afterAll(() => lab?.[Symbol.asyncDispose]());

/**
 * Lists the failures of the trip's workflow tasks: no input may cause one. A task that Temporal closes,
 * because more than a hundred events wait for its end, has no failure.
 */
async function listFailedTasks({ handle }: TestTrip): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap(({ workflowTaskFailedEventAttributes: failed }) =>
    failed?.failure ? [`${failed.cause}: ${failed.failure.message}`] : [],
  );
}

async function expectSettled(trip: TestTrip): Promise<void> {
  await trip.end();
  expect(await trip.outcome()).toMatchObject({ status: "SETTLED" });
  expect(trip.fake.published).toHaveLength(1);
  expect(await listFailedTasks(trip)).toEqual([]);
}

/** Creates an input without type checks, as foreign code could send it. */
function createUnchecked(input: unknown): Partial<TripInput> {
  return JSON.parse(JSON.stringify(input, (_, value: unknown) => value ?? null));
}

function sendInvalid({ handle }: TestTrip, name: string, ...args: [] | [unknown]): Promise<string> {
  const [argument] = args;
  return catchUpdateRefusal(
    args.length === 0
      ? handle.executeUpdate(name)
      : handle.executeUpdate<unknown, [unknown]>(name, { args: [argument] }),
  );
}

describe("an update with an invalid argument", () => {
  const wrong = [undefined, null, 42, "rain", [], {}, { reason: 42 }, { reason: null }];

  it("is refused and changes nothing", async () => {
    const trip = lab.begin();
    await trip.started;
    for (const argument of wrong) {
      expect(await sendInvalid(trip, updates.cancel, argument)).toBe(
        "RefusedUpdate: cancel needs a reason",
      );
    }
    expect(await sendInvalid(trip, updates.cancel)).toBe("RefusedUpdate: cancel needs a reason");
    expect(await sendInvalid(trip, updates.cancel, { reason: "x".repeat(1_001) })).toMatch(
      /too long/,
    );
    for (const argument of [undefined, 42, {}, { requestedAt: "soon" }]) {
      expect(await sendInvalid(trip, updates.end, argument)).toBe(
        "RefusedUpdate: end needs the time at which the registry recorded the request",
      );
    }
    expect(await sendInvalid(trip, operatorUpdates.resolve, 42)).toMatch(/requires a note/);
    expect(await sendInvalid(trip, operatorUpdates.retry, "all")).toMatch(/nothing of that name/);
    await expectSettled(trip);
  });

  it("is refused while a step is parked", async () => {
    const trip = lab.begin({ voidTab: { before: refuse("the tab is locked") } });
    await trip.started;
    await trip.cancel("rain");
    const { retry, resolve } = operatorUpdates;
    expect(await sendInvalid(trip, retry, { step: 42 })).toMatch(/not the name of a step/);
    expect(await sendInvalid(trip, retry, { step: "publish" })).toMatch(/nothing of that name/);
    expect(await sendInvalid(trip, resolve, { note: "done", step: {} })).toMatch(
      /not the name of a step/,
    );
    expect(await sendInvalid(trip, resolve, { note: "x".repeat(1_001) })).toMatch(/too long/);
    expect(await trip.resolve("released by hand")).toEqual(["open-tab"]);
    expect(await trip.outcome()).toMatchObject({ status: "CANCELLED" });
    expect(await listFailedTasks(trip)).toEqual([]);
  });

  it("is refused when its name is unknown", async () => {
    const trip = lab.begin();
    await trip.started;
    await expect(trip.handle.executeUpdate("fly")).rejects.toThrow("Update failed");
    await expectSettled(trip);
  });
});

describe("a payload that cannot be decoded", () => {
  const garbled = {
    payloads: [
      { metadata: { encoding: Buffer.from("who/knows") }, data: Buffer.from([0xff, 0x00]) },
      { metadata: { encoding: Buffer.from("json/plain") }, data: Buffer.from("{not json") },
    ],
  };

  it("is refused as an update and ignored as a signal", async () => {
    const trip = lab.begin();
    await trip.started;
    const { workflowService } = lab.client.connection;
    const workflowExecution = { workflowId: trip.handle.workflowId };
    for (const payload of garbled.payloads) {
      const { outcome } = await workflowService.updateWorkflowExecution({
        namespace: "default",
        workflowExecution,
        request: {
          meta: { updateId: crypto.randomUUID() },
          input: { name: updates.cancel, args: { payloads: [payload] } },
        },
      });
      expect(outcome?.failure).toBeTruthy();
      await workflowService.signalWorkflowExecution({
        namespace: "default",
        workflowExecution,
        signalName: updates.cancel,
        input: { payloads: [payload] },
      });
    }
    await expectSettled(trip);
  });
});

describe("a large number at once", () => {
  it("of unknown signals changes nothing", async () => {
    const trip = lab.begin();
    await trip.started;
    const signals = Array.from({ length: 1_000 }, (_, number) =>
      trip.handle.signal(`signal-${number % 7}`, { number, text: "x".repeat(100) }),
    );
    await Promise.all(signals);
    await expectSettled(trip);
    expect(trip.fake.statuses).toEqual(["PENDING", "ACTIVE", "ENDED", "SETTLED"]);
  });

  it("of equal cancellations is one cancellation, and each gets its result", async () => {
    const trip = lab.begin();
    await trip.started;
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => trip.cancel("rain")));
    for (const answer of answers) expect(answer).toEqual({ status: "CANCELLED", reason: "rain" });
    expect(trip.fake.calls.filter((call) => call.startsWith("refund"))).toHaveLength(1);
    expect(await listFailedTasks(trip)).toEqual([]);
  });

  it("of refused updates changes nothing", async () => {
    const trip = lab.begin();
    await trip.started;
    for (let round = 0; round < 4; round += 1) {
      const batch = Array.from({ length: 50 }, () => sendInvalid(trip, operatorUpdates.retry));
      expect(new Set(await Promise.all(batch)).size).toBe(1);
    }
    await expectSettled(trip);
  });
});

describe("a trip that has ended", () => {
  it("accepts neither updates nor signals, and still returns its progress", async () => {
    const trip = lab.begin();
    await trip.started;
    await expectSettled(trip);
    const later = [
      () => trip.cancel("too late"),
      () => trip.end({ updateId: "again" }),
      () => trip.retry(),
      () => trip.handle.signal("anything"),
    ];
    for (const asked of later) await expect(asked()).rejects.toThrow(WorkflowNotFoundError);
    expect((await trip.progress()).state).toBe("done");
  });
});

describe("the input of another version", () => {
  it("with unknown fields is accepted", async () => {
    const trip = lab.begin({}, createUnchecked({ insurance: "full", timings: {} }));
    expect(await trip.started).toMatchObject({ status: "ACTIVE" });
    await expectSettled(trip);
  });

  it.each([
    [{ paymentMethod: undefined }, "paymentMethod is missing"],
    [{ vehicleId: 7 }, "vehicleId is missing"],
    [{ timings: { stepTimeoutMs: -1 } }, "timings.stepTimeoutMs is not above 0"],
    [{ recovery: { reason: "" } }, "recovery.reason is missing"],
  ])("without a required field fails with the reason: %j", async (input, why) => {
    const trip = lab.begin({}, createUnchecked(input));
    await expect(trip.started).rejects.toThrow("Update failed");
    await expect(trip.outcome()).rejects.toMatchObject({
      cause: { message: `invalid trip input: ${why}` },
    });
    expect(trip.fake.calls).toEqual([]);
    expect(await listFailedTasks(trip)).toEqual([]);
  });

  it("that is no object fails with the reason", async () => {
    const workflowId = `trip/${crypto.randomUUID()}`;
    const options = { taskQueue: "trips", workflowId, args: ["no trip"] };
    const handle = await lab.client.workflow.start("trip", options);
    await expect(handle.result()).rejects.toMatchObject({
      cause: { message: "invalid trip input: it is not an object" },
    });
  });
});

describe("a clock that is an hour off", () => {
  const hour = 60 * 60_000;

  it.each([-hour, hour])("at the caller changes nothing: %i ms", async (off) => {
    const requestedAt = new Date(Date.now() + off).toISOString();
    const trip = lab.begin({}, { requestedAt });
    await trip.started;
    const { fare } = await trip.end();
    expect(fare).toEqual({ minorUnits: 30, currency: "EUR" });
    expect(await trip.outcome()).toMatchObject({ status: "SETTLED" });
  });

  it.each([-hour, hour])("in the registry decides the times of the trip: %i ms", async (off) => {
    const trip = lab.begin();
    await trip.started;
    trip.fake.startedAt = new Date(Date.now() + off - 1).toISOString();
    const { fare } = await trip.end();
    expect(fare.minorUnits).toBe(off > 0 ? 0 : 61 * 30);
    expect(await trip.outcome()).toMatchObject({ status: "SETTLED" });
    await eventually(() => expect(trip.fake.published).toMatchObject([{ fare }]));
  });
});

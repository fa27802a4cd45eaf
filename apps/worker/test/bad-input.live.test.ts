import { operatorUpdates, type TripInput, updates } from "@fanfare/trip-contract";
import { WorkflowNotFoundError } from "@temporalio/client";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { eventually } from "./eventually.ts";
import { refuse } from "./fake-services.ts";
import { catchRefusal, openTripLab, type TestTrip, type TripLab } from "./trip-lab.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let lab: TripLab;
beforeAll(async () => {
  lab = await openTripLab();
});
afterAll(() => lab?.[Symbol.asyncDispose]());

/**
 * failedTasks is how the worker failed workflow tasks of the trip: what comes from outside never may. One
 * that Temporal itself closes, as more than a hundred events wait for its end, tells no failure.
 */
async function failedTasks({ handle }: TestTrip): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap(({ workflowTaskFailedEventAttributes: failed }) =>
    failed?.failure ? [`${failed.cause}: ${failed.failure.message}`] : [],
  );
}

async function settles(trip: TestTrip): Promise<void> {
  await trip.end();
  expect(await trip.outcome()).toMatchObject({ status: "SETTLED" });
  expect(trip.fake.published).toHaveLength(1);
  expect(await failedTasks(trip)).toEqual([]);
}

/** plain is what somebody else's code sends, whose types nobody has checked. */
function plain(input: unknown): Partial<TripInput> {
  return JSON.parse(JSON.stringify(input, (_, value: unknown) => value ?? null));
}

function ask({ handle }: TestTrip, name: string, ...args: [] | [unknown]): Promise<string> {
  const [argument] = args;
  return catchRefusal(
    args.length === 0
      ? handle.executeUpdate(name)
      : handle.executeUpdate<unknown, [unknown]>(name, { args: [argument] }),
  );
}

describe("an update with something else than what it takes", () => {
  const wrong = [undefined, null, 42, "rain", [], {}, { reason: 42 }, { reason: null }];

  it("is refused, and changes nothing", async () => {
    const trip = lab.begin();
    await trip.started;
    for (const argument of wrong) {
      expect(await ask(trip, updates.cancel, argument)).toBe(
        "RefusedUpdate: cancel needs a reason",
      );
    }
    expect(await ask(trip, updates.cancel)).toBe("RefusedUpdate: cancel needs a reason");
    expect(await ask(trip, updates.cancel, { reason: "x".repeat(1_001) })).toMatch(/too long/);
    expect(await ask(trip, operatorUpdates.resolve, 42)).toMatch(/needs a note/);
    expect(await ask(trip, operatorUpdates.retry, "all")).toMatch(/nothing of that name/);
    await settles(trip);
  });

  it("is refused while something is parked", async () => {
    const trip = lab.begin({ voidTab: { before: refuse("the tab is locked") } });
    await trip.started;
    await trip.cancel("rain");
    const { retry, resolve } = operatorUpdates;
    expect(await ask(trip, retry, { step: 42 })).toMatch(/not the name of a step/);
    expect(await ask(trip, retry, { step: "publish" })).toMatch(/nothing of that name/);
    expect(await ask(trip, resolve, { note: "done", step: {} })).toMatch(/not the name of a step/);
    expect(await ask(trip, resolve, { note: "x".repeat(1_001) })).toMatch(/too long/);
    expect(await trip.resolve("given back by hand")).toEqual(["open-tab"]);
    expect(await trip.outcome()).toMatchObject({ status: "CANCELLED" });
    expect(await failedTasks(trip)).toEqual([]);
  });

  it("is refused when nobody knows its name", async () => {
    const trip = lab.begin();
    await trip.started;
    await expect(trip.handle.executeUpdate("fly")).rejects.toThrow("Update failed");
    await settles(trip);
  });
});

describe("what cannot even be decoded", () => {
  const garbled = {
    payloads: [
      { metadata: { encoding: Buffer.from("who/knows") }, data: Buffer.from([0xff, 0x00]) },
      { metadata: { encoding: Buffer.from("json/plain") }, data: Buffer.from("{not json") },
    ],
  };

  it("as an update is refused, as a signal ignored", async () => {
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
    await settles(trip);
  });
});

describe("very many at once", () => {
  it("a thousand signals that nobody waits for change nothing", async () => {
    const trip = lab.begin();
    await trip.started;
    const signals = Array.from({ length: 1_000 }, (_, number) =>
      trip.handle.signal(`signal-${number % 7}`, { number, text: "x".repeat(100) }),
    );
    await Promise.all(signals);
    await settles(trip);
    expect(trip.fake.statuses).toEqual(["PENDING", "ACTIVE", "ENDED", "SETTLED"]);
  });

  it("a thousand of the same cancellation are one, and each is answered", async () => {
    const trip = lab.begin();
    await trip.started;
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => trip.cancel("rain")));
    for (const answer of answers) expect(answer).toEqual({ status: "CANCELLED", reason: "rain" });
    expect(trip.fake.calls.filter((call) => call.startsWith("refund"))).toHaveLength(1);
    expect(await failedTasks(trip)).toEqual([]);
  });

  it("refused updates change nothing", async () => {
    const trip = lab.begin();
    await trip.started;
    for (let round = 0; round < 4; round += 1) {
      const batch = Array.from({ length: 50 }, () => ask(trip, operatorUpdates.retry));
      expect(new Set(await Promise.all(batch)).size).toBe(1);
    }
    await settles(trip);
  });
});

describe("a trip that is over", () => {
  it("takes neither updates nor signals, and still tells how it went", async () => {
    const trip = lab.begin();
    await trip.started;
    await settles(trip);
    const later = [
      () => trip.cancel("too late"),
      () => trip.end("again"),
      () => trip.retry(),
      () => trip.handle.signal("anything"),
    ];
    for (const asked of later) await expect(asked()).rejects.toThrow(WorkflowNotFoundError);
    expect((await trip.progress()).state).toBe("done");
  });
});

describe("the input of another version", () => {
  it("with fields that this one does not know is a trip", async () => {
    const trip = lab.begin({}, plain({ insurance: "full", timings: {} }));
    expect(await trip.started).toMatchObject({ status: "ACTIVE" });
    await settles(trip);
  });

  it.each([
    [{ paymentMethod: undefined }, "paymentMethod is missing"],
    [{ vehicleId: 7 }, "vehicleId is missing"],
    [{ timings: { stepTimeoutMs: -1 } }, "timings.stepTimeoutMs is not above 0"],
    [{ recovery: { reason: "" } }, "recovery.reason is missing"],
  ])("without what this one needs fails, and says why: %j", async (input, why) => {
    const trip = lab.begin({}, plain(input));
    await expect(trip.started).rejects.toThrow("Update failed");
    await expect(trip.outcome()).rejects.toMatchObject({
      cause: { message: `invalid trip input: ${why}` },
    });
    expect(trip.fake.calls).toEqual([]);
    expect(await failedTasks(trip)).toEqual([]);
  });

  it("that is no object at all fails, and says why", async () => {
    const workflowId = `trip/${crypto.randomUUID()}`;
    const options = { taskQueue: "trips", workflowId, args: ["a trip, please"] };
    const handle = await lab.client.workflow.start("trip", options);
    await expect(handle.result()).rejects.toMatchObject({
      cause: { message: "invalid trip input: it is not an object" },
    });
  });
});

describe("a clock that is an hour off", () => {
  const hour = 60 * 60_000;

  it.each([-hour, hour])("where the trip was requested changes nothing: %i ms", async (off) => {
    const requestedAt = new Date(Date.now() + off).toISOString();
    const trip = lab.begin({}, { requestedAt });
    await trip.started;
    const { fare } = await trip.end();
    expect(fare).toEqual({ minorUnits: 30, currency: "EUR" });
    expect(await trip.outcome()).toMatchObject({ status: "SETTLED" });
  });

  it.each([-hour, hour])(
    "in the registry is believed: its times are the trip's: %i ms",
    async (off) => {
      const trip = lab.begin();
      await trip.started;
      trip.fake.startedAt = new Date(Date.now() + off).toISOString();
      const { fare } = await trip.end();
      expect(fare.minorUnits).toBe(off > 0 ? 0 : 61 * 30);
      expect(await trip.outcome()).toMatchObject({ status: "SETTLED" });
      await eventually(() => expect(trip.fake.published).toMatchObject([{ fare }]));
    },
  );
});

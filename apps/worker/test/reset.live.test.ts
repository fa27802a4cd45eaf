import { setTimeout as sleep } from "node:timers/promises";
import type { CallOptions } from "@connectrpc/connect";
import type { TripAccount } from "@fanfare/test-fixtures";
import { compensationSuffix, type SagaProgress, steps } from "@fanfare/trip-contract";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { eventually } from "./eventually.ts";
import { type Fault, losePublishResult, refuseCall } from "./faults.ts";
import { beginTrip, type RealTrip, type RealTripOptions, waitUntilActive } from "./real-trip.ts";
import {
  findRun,
  type Reapply,
  type ResettableRun,
  readProgress,
  resetRun,
} from "./reset-workflow.ts";
import { openServiceLab, type ServiceLab } from "./service-lab.ts";
import { putInForce } from "./walk.ts";

// Each reset replays a workflow, which takes the time of a processor.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000, maxConcurrency: 6 });

let lab: ServiceLab;
beforeAll(async () => {
  lab = await openServiceLab();
});
afterAll(() => lab?.[Symbol.asyncDispose]());

const always: Fault = (send, attempt) => refuseCall(Infinity)(send, attempt);
const refuseLate: Fault = async (send, attempt) => {
  await sleep(1_500);
  return await always(send, attempt);
};
/** Takes so long that Temporal splits a workflow task with four calls. */
const slowly: Fault = async (send, { number }) => {
  if (number === 1) await sleep(1_200);
  return await send();
};

/** Plays a trip until its workflow is over, or waits. */
interface Story extends RealTripOptions {
  readonly play: (trip: RealTrip) => Promise<void>;
  /** What the account contains then. */
  readonly account: Partial<TripAccount>;
  /** The state of the saga then, or the step that it waits in. */
  readonly reaches: string;
  /** Ends a trip whose workflow waits. */
  readonly finish?: (trip: RealTrip) => Promise<void>;
}

const end = async (trip: RealTrip) => {
  await trip.end();
  await trip.expectSettled();
};
const cancel = async (trip: RealTrip) => {
  await trip.cancel();
  await trip.expectCompensated();
};
const park = async (trip: RealTrip, step: string) => {
  trip.end().catch(() => undefined);
  await eventually(async () => {
    expect((await trip.readAccount()).reason).toContain(`${step}: `);
  });
};
/**
 * Repeats a decision until the workflow has it. After a reset a step runs again before it is parked again, and
 * the registry shows each some time after the saga: what the registry has proves nothing.
 */
const decide = (call: (options: CallOptions) => Promise<unknown>) => {
  const headers = { "idempotency-key": crypto.randomUUID() };
  return eventually(async () => void (await call({ headers })));
};
const resolve = async ({ tripId }: RealTrip, step: string) => {
  const decision = { tripId, step, note: "settled in cash" };
  await decide((options) => lab.operator.resolveTrip(decision, options));
  lab.faults.plan(tripId, {});
};
const waitUntilCalled = (trip: RealTrip, activityId: string) =>
  eventually(async () => {
    const { raw } = await lab.workflow(trip.tripId).describe();
    expect(raw.pendingActivities?.map((pending) => pending.activityId)).toContain(activityId);
  });
const expectBroadcast = async (trip: RealTrip, broadcast: string) =>
  await eventually(async () => expect(await trip.readAccount()).toMatchObject({ broadcast }));

const insolvent = "pm_card_chargeCustomerFail";
const settled = { status: "SETTLED", broadcast: "PUBLISHED", vehicles: [], reason: null } as const;
const cancelled = { status: "CANCELLED", vehicles: [], balance: 0, captured: 0 } as const;
const fareRefused = { faults: { [steps.chargeFare]: always } };
const voidRefused = { faults: { [`${steps.openTab}${compensationSuffix}`]: always } };

const stories: Record<string, Story> = {
  settled: { play: end, reaches: "done", account: { ...settled, captures: 1, captured: 130 } },
  refused: {
    reaches: "done",
    paymentMethod: "pm_card_chargeDeclined",
    play: (trip) => trip.expectCompensated(),
    account: { ...cancelled, authorisations: 0 },
  },
  cancelled: { play: cancel, reaches: "done", account: { ...cancelled, authorised: 0 } },
  "cancelled after slow calls": {
    rider: "rosa",
    faults: {
      [steps.acceptTrip]: slowly,
      [steps.reserveVehicle]: slowly,
      [steps.openTab]: slowly,
      [steps.chargeUnlockFee]: slowly,
    },
    play: cancel,
    reaches: "done",
    account: { ...cancelled, authorised: 0 },
  },
  active: {
    play: async () => undefined,
    account: { status: "ACTIVE", captures: 0, balance: 100 },
    reaches: steps.drive,
    finish: end,
  },
  "parked at its capture": {
    paymentMethod: insolvent,
    play: (trip) => park(trip, steps.capture),
    account: { status: "NEEDS_ATTENTION", captures: 0, balance: 130 },
    reaches: "parked",
    finish: async (trip) => {
      await resolve(trip, steps.capture);
      await expectBroadcast(trip, "PUBLISHED");
    },
  },
  "settled with its capture resolved": {
    reaches: "done",
    paymentMethod: insolvent,
    async play(trip) {
      await park(trip, steps.capture);
      await resolve(trip, steps.capture);
      await expectBroadcast(trip, "PUBLISHED");
    },
    account: { ...settled, captures: 0, captured: 0 },
  },
  "settled with its fare paid in cash": {
    reaches: "done",
    ...fareRefused,
    async play(trip) {
      await park(trip, steps.chargeFare);
      await resolve(trip, steps.chargeFare);
      await expectBroadcast(trip, "PUBLISHED");
    },
    account: { ...settled, charges: 1, captures: 1, captured: 100 },
  },
  "parked at its capture, with its fare paid in cash": {
    ...fareRefused,
    paymentMethod: insolvent,
    async play(trip) {
      await park(trip, steps.chargeFare);
      await resolve(trip, steps.chargeFare);
      await park(trip, steps.capture);
    },
    account: { status: "NEEDS_ATTENTION", charges: 1, captures: 0, balance: 100 },
    reaches: "parked",
    finish: async (trip) => {
      await resolve(trip, steps.capture);
      await expectBroadcast(trip, "PUBLISHED");
    },
  },
  "parked at a compensation": {
    ...voidRefused,
    async play(trip) {
      trip.cancel().catch(() => undefined);
      await eventually(async () => {
        expect((await trip.readAccount()).status).toBe("NEEDS_ATTENTION");
      });
    },
    account: { status: "NEEDS_ATTENTION", ended: false, balance: 0, authorisations: 1 },
    reaches: "parked",
    finish: async (trip) => {
      const { tripId } = trip;
      lab.faults.plan(tripId, {});
      // The reset may retry it as well.
      await eventually(async () => {
        await lab.operator.retryTrip({ tripId }).catch(() => undefined);
        expect((await trip.readAccount()).status).toBe("CANCELLED");
      });
      await trip.expectCompensated();
    },
  },
  "cancelled with a compensation resolved": {
    reaches: "done",
    faults: { [`${steps.openTab}${compensationSuffix}`]: refuseLate },
    async play(trip) {
      const { tripId } = trip;
      trip.cancel().catch(() => undefined);
      // A workflow task ends while the compensation is called: a reset to it calls the compensation again.
      await waitUntilCalled(trip, `${steps.openTab}${compensationSuffix}`);
      await lab.workflow(tripId).cancel();
      await eventually(async () => {
        expect((await trip.readAccount()).status).toBe("NEEDS_ATTENTION");
      });
      const decision = { tripId, note: "voided by hand" };
      await decide((options) => lab.operator.resolveTrip(decision, options));
      lab.faults.plan(tripId, {});
      await eventually(async () => {
        expect((await trip.readAccount()).status).toBe("CANCELLED");
      });
    },
    account: { ...cancelled, tab: "open" },
  },
  "settled and unpublished": {
    reaches: steps.publish,
    faults: { [steps.publish]: losePublishResult(Infinity) },
    async play(trip) {
      await trip.end();
      await expectBroadcast(trip, "DELAYED");
    },
    account: { status: "SETTLED", captures: 1, captured: 130, broadcast: "DELAYED" },
    finish: async (trip) => {
      lab.faults.plan(trip.tripId, {});
      await trip.expectSettled();
    },
  },
};

const isLong = process.env["FANFARE_RESETS"] === "long";
const reapplied: readonly Reapply[] = ["nothing reapplied", "updates reapplied"];
const cases = Object.entries(stories).flatMap(([name, story], index) =>
  reapplied
    .filter((_, at) => isLong || at === index % reapplied.length)
    .map((reapply) => ({ name, story, reapply })),
);

/** Selects all points, or in the short form the first, the last and one between them. */
function selectPoints<Point>(points: readonly Point[]): readonly Point[] {
  const selected = [0, Math.floor(points.length / 2), points.length - 1];
  return isLong ? points : points.filter((_, index) => selected.includes(index));
}

/** Checks that a reset run has reached what the trip had reached before. */
async function expectSame(
  trip: RealTrip,
  { runId, story, before }: { runId: string; story: Story; before: TripAccount },
): Promise<void> {
  const { workflowId } = lab.workflow(trip.tripId);
  await eventually(async () => {
    const progress = await readProgress(lab.temporal, workflowId, runId);
    const account = await trip.readAccount();
    expect({ reached: describeReached(progress), account }).toEqual({
      reached: story.reaches,
      account: before,
    });
  });
}

function describeReached({ state, steps: begun }: SagaProgress): string | undefined {
  return state === "forward" ? begun.at(-1)?.name : state;
}

const readOutcome = (workflowId: string, runId: string) =>
  lab.temporal.workflow.getHandle(workflowId, runId).result();

describe.concurrent("reset: a workflow reset to any of its tasks reaches the same outcome", () => {
  it.for(cases)("$name, with $reapply", async ({ story, reapply }) => {
    const { play, account, reaches: _, finish, ...options } = story;
    const trip = await beginTrip(lab, { rider: "hasty", ...options });
    if (account.authorisations !== 0) await waitUntilActive(trip);
    await trip.started;
    await play(trip);
    const before = await trip.readAccount();
    expect(before).toMatchObject(account);
    const run = await findRun(lab.temporal, trip.tripId);
    const outcome = finish ? undefined : await readOutcome(run.workflowId, run.runId);
    expect(run.points.length).toBeGreaterThan(0);
    const resetEach = async (from: ResettableRun) => {
      for (const point of selectPoints(from.points)) {
        const runId = await resetRun(lab.temporal, from, { point, reapply });
        await expectSame(trip, { runId, story, before });
        const reached = finish ? undefined : await readOutcome(run.workflowId, runId);
        expect(reached).toEqual(outcome);
      }
    };
    await resetEach(run);
    // A run that a reset has created is reset like any other.
    await resetEach(await findRun(lab.temporal, trip.tripId));
    await finish?.(trip);
    expect(lab.events.countDeliveries(trip.tripId).revenue).toBeLessThanOrEqual(1);
  });
});

describe("reset: a drive past its pivot", () => {
  it("continues, cannot be cancelled, and settles when its rider ends it", async () => {
    const hourMs = 3_600_000;
    const prices = { unlockFee: 100, price: 30, incrementMs: hourMs, maximumDriveMs: hourMs };
    await putInForce(lab, { ...prices, graceMs: 200 });
    const trip = await waitUntilActive(await beginTrip(lab));
    await trip.started;
    const run = await findRun(lab.temporal, trip.tripId);
    const expectPivoted = (runId: string) =>
      eventually(async () => {
        const progress = await readProgress(lab.temporal, run.workflowId, runId);
        expect([describeReached(progress), progress.pivoted]).toEqual([steps.drive, true]);
      });
    await expectPivoted(run.runId);
    for (const point of selectPoints((await findRun(lab.temporal, trip.tripId)).points)) {
      const reset = { point, reapply: "nothing reapplied" } as const;
      await expectPivoted(await resetRun(lab.temporal, run, reset));
    }
    await expect(trip.cancel()).rejects.toThrow("end the trip instead");
    await end(trip);
  });
});

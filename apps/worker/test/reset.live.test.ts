import type { TripAccount } from "@fanfare/test-fixtures";
import { type SagaProgress, steps } from "@fanfare/trip-contract";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { eventually } from "./eventually.ts";
import { beginTrip, type RealTrip, waitUntilActive } from "./real-trip.ts";
import { end, type Story, stories } from "./reset-stories.ts";
import {
  findRun,
  type Reapply,
  type ResettableRun,
  readProgress,
  resetRun,
} from "./reset-workflow.ts";
import { openServiceLab, type ServiceLab } from "./service-lab.ts";
import { putInForce } from "./walk-tariff.ts";

// Each reset replays a workflow, which takes the time of a processor.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000, maxConcurrency: 6 });

let lab: ServiceLab;
beforeAll(async () => {
  lab = await openServiceLab();
});
afterAll(() => lab?.[Symbol.asyncDispose]());

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
    await play(trip, lab);
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
    await finish?.(trip, lab);
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

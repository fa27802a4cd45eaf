import { setTimeout as sleep } from "node:timers/promises";
import type { CallOptions } from "@connectrpc/connect";
import type { TripAccount } from "@fanfare/test-fixtures";
import { compensationSuffix, steps } from "@fanfare/trip-contract";
import type { WorkflowHandle } from "@temporalio/client";
import { expect } from "vitest";
import { eventually } from "./eventually.ts";
import { type Fault, losePublishResult, refuseCall } from "./faults.ts";
import type { RealTrip, RealTripOptions } from "./real-trip.ts";
import type { ServiceLab } from "./service-lab.ts";

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
export interface Story extends RealTripOptions {
  readonly play: (trip: RealTrip, lab: ServiceLab) => Promise<void>;
  /** What the account contains then. */
  readonly account: Partial<TripAccount>;
  /** The state of the saga then, or the step that it waits in. */
  readonly reaches: string;
  /** Ends a trip whose workflow waits. */
  readonly finish?: (trip: RealTrip, lab: ServiceLab) => Promise<void>;
}

/** Ends a trip, and waits until it is settled. */
export const end = async (trip: RealTrip) => {
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
const resolve = async ({ tripId }: RealTrip, { lab, step }: { lab: ServiceLab; step: string }) => {
  const decision = { tripId, step, note: "settled in cash" };
  await decide((options) => lab.operator.resolveTrip(decision, options));
  lab.faults.plan(tripId, {});
};
const waitUntilCalled = (workflow: WorkflowHandle, activityId: string) =>
  eventually(async () => {
    const { raw } = await workflow.describe();
    expect(raw.pendingActivities?.map((pending) => pending.activityId)).toContain(activityId);
  });
const expectBroadcast = async (trip: RealTrip, broadcast: string) =>
  await eventually(async () => expect(await trip.readAccount()).toMatchObject({ broadcast }));

const insolvent = "pm_card_chargeCustomerFail";
const settled = { status: "SETTLED", broadcast: "PUBLISHED", vehicles: [], reason: null } as const;
const cancelled = { status: "CANCELLED", vehicles: [], balance: 0, captured: 0 } as const;
const fareRefused = { faults: { [steps.chargeFare]: always } };
const voidRefused = { faults: { [`${steps.openTab}${compensationSuffix}`]: always } };

/** The stories that a reset must not change, by their names. */
export const stories: Record<string, Story> = {
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
    finish: async (trip, lab) => {
      await resolve(trip, { lab, step: steps.capture });
      await expectBroadcast(trip, "PUBLISHED");
    },
  },
  "settled with its capture resolved": {
    reaches: "done",
    paymentMethod: insolvent,
    async play(trip, lab) {
      await park(trip, steps.capture);
      await resolve(trip, { lab, step: steps.capture });
      await expectBroadcast(trip, "PUBLISHED");
    },
    account: { ...settled, captures: 0, captured: 0 },
  },
  "settled with its fare paid in cash": {
    reaches: "done",
    ...fareRefused,
    async play(trip, lab) {
      await park(trip, steps.chargeFare);
      await resolve(trip, { lab, step: steps.chargeFare });
      await expectBroadcast(trip, "PUBLISHED");
    },
    account: { ...settled, charges: 1, captures: 1, captured: 100 },
  },
  "parked at its capture, with its fare paid in cash": {
    ...fareRefused,
    paymentMethod: insolvent,
    async play(trip, lab) {
      await park(trip, steps.chargeFare);
      await resolve(trip, { lab, step: steps.chargeFare });
      await park(trip, steps.capture);
    },
    account: { status: "NEEDS_ATTENTION", charges: 1, captures: 0, balance: 100 },
    reaches: "parked",
    finish: async (trip, lab) => {
      await resolve(trip, { lab, step: steps.capture });
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
    finish: async (trip, lab) => {
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
    async play(trip, lab) {
      const { tripId } = trip;
      trip.cancel().catch(() => undefined);
      // A workflow task ends while the compensation is called: a reset to it calls the compensation again.
      await waitUntilCalled(lab.workflow(tripId), `${steps.openTab}${compensationSuffix}`);
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
    finish: async (trip, lab) => {
      lab.faults.plan(trip.tripId, {});
      await trip.expectSettled();
    },
  },
};

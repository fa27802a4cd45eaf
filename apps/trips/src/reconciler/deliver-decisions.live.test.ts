import { randomUUID } from "node:crypto";
import { createLogger } from "@fanfare/service";
import { withIdempotencyKey } from "@fanfare/test-fixtures";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { openTestApi, type TestApi } from "../../test/test-api.ts";
import { park, settle } from "../registry/transitions.ts";
import { deliverDecisions } from "./deliver-decisions.ts";

const never = new AbortController().signal;
const logger = createLogger({ name: "decisions-test", level: "silent" });

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});
beforeEach(() => {
  api.workflows.decisionReply = undefined;
});

/** Logs the resolution of a parked capture that the workflow does not get. */
async function decideInVain(): Promise<{ tripId: string; repeat: () => Promise<unknown> }> {
  const tripId = randomUUID();
  await api.freeRiders();
  await api.rider().startTrip({ tripId, vehicleId: "vehicle-1", paymentMethod: "pm_card_visa" });
  await api.rider().endTrip({ tripId });
  await api.registry.record(tripId, park({ version: 9n, step: "capture", reason: "declined" }));
  api.workflows.parked = ["capture"];
  api.workflows.decisionReply = { kind: "unavailable", cause: new Error("no server") };
  const repeat = () =>
    api.operator.resolveTrip({ tripId, note: "paid in cash" }, withIdempotencyKey(tripId));
  await expect(repeat()).rejects.toThrow("cannot be requested now");
  api.workflows.decisionReply = undefined;
  return { tripId, repeat };
}

/** Delivers the decisions after their pause. Returns how many are still pending. */
async function deliver(): Promise<number> {
  await api.db
    .updateTable("pending_decisions")
    .set({ deliver_at: new Date(0) })
    .execute();
  await deliverDecisions(never, { ...api, logger }, { batchSize: 10 });
  return (await api.db.selectFrom("pending_decisions").selectAll().execute()).length;
}

it("delivers a logged decision that no call has delivered, once", async () => {
  const { tripId, repeat } = await decideInVain();
  expect(await deliver()).toBe(0);
  expect(api.workflows.parked).toEqual([]);
  api.workflows.parked = ["capture"];
  await repeat();
  expect(await deliver()).toBe(0);
  expect(api.workflows.parked).toEqual(["capture"]);
  const { trip } = await api.operator.getTrip({ tripId });
  expect(trip?.decision).toBe("otto resolved capture: paid in cash");
});

it("delivers it to the logged steps alone", async () => {
  await decideInVain();
  api.workflows.parked = ["release-vehicle", "capture"];
  expect(await deliver()).toBe(0);
  expect(api.workflows.parked).toEqual(["release-vehicle"]);
});

it("delivers it later while the workflow does not answer, or is being restarted", async () => {
  await decideInVain();
  for (const kind of ["timed-out", "not-running"] as const) {
    api.workflows.decisionReply = { kind };
    expect(await deliver()).toBe(1);
  }
  await api.db.updateTable("pending_decisions").set({ deliveries: 2_000 }).execute();
  expect(await deliver()).toBe(1);
  api.workflows.decisionReply = undefined;
  expect(await deliver()).toBe(0);
});

it("records that the workflow refused it", async () => {
  const { tripId } = await decideInVain();
  api.workflows.parked = [];
  expect(await deliver()).toBe(0);
  const { trip } = await api.operator.getTrip({ tripId });
  expect(trip?.decision).toBe("otto resolved capture: paid in cash (refused: no step is parked)");
});

it("forgets it when the trip is final and its workflow has closed", async () => {
  const { tripId } = await decideInVain();
  await api.registry.record(tripId, settle({ minorUnits: 100n, currency: "EUR" }));
  api.workflows.decisionReply = { kind: "not-running" };
  expect(await deliver()).toBe(0);
});

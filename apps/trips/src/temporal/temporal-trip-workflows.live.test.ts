import { randomUUID } from "node:crypto";
import { waitUntil } from "@fanfare/dev-stack";
import {
  createTripWorkflowId,
  type StartUpdateResult,
  type TripInput,
} from "@fanfare/trip-contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { notReady, refusing, stuck } from "../../test/fake-trip-workflow.ts";
import {
  connectNoTemporal,
  openTestTemporal,
  type TestTemporal,
} from "../../test/test-temporal.ts";
import { createInput } from "../../test/trip-inputs.ts";
import { createTripWorkflows } from "./temporal-trip-workflows.ts";
import type { Reply, TripWorkflows } from "./trip-workflows.ts";

const call = { timeoutMs: 20_000 };
const shortCall = { timeoutMs: 500 };
const requested = { requestedAt: "2026-05-01T10:05:00.000Z" };

let test: TestTemporal;
let workflows: TripWorkflows;
/** The input of a workflow that is started before the worker. */
const earlyInput = createInput();
let replyWithoutWorker: Reply<StartUpdateResult>;

async function readStatus({ tripId }: TripInput): Promise<string> {
  const handle = test.temporal.client.workflow.getHandle(createTripWorkflowId(tripId));
  return (await handle.describe()).status.name;
}

async function startTrip(vehicleId?: string): Promise<TripInput> {
  const trip = createInput(vehicleId);
  expect((await workflows.start(trip, call)).kind).toBe("answered");
  return trip;
}

/** Starts and ends a trip, and waits until its workflow has completed. */
async function completeTrip(): Promise<TripInput> {
  const trip = await startTrip();
  await workflows.end(trip.tripId, requested, call);
  const ended = async () => (await readStatus(trip)) === "COMPLETED";
  await waitUntil(ended, { what: "the end of the workflow" });
  return trip;
}

beforeAll(async () => {
  test = await openTestTemporal();
  workflows = test.workflows;
  // Long enough for a loaded server to receive the call.
  replyWithoutWorker = await workflows.start(earlyInput, { timeoutMs: 5_000 });
  await test.startWorker();
});
afterAll(async () => {
  await test[Symbol.asyncDispose]();
});

describe("start()", () => {
  it("starts the workflow even when no worker answers in time, and a repeated call joins it", async () => {
    expect(replyWithoutWorker).toEqual({ kind: "timed-out" });
    expect(await readStatus(earlyInput)).toBe("RUNNING");
    expect(await workflows.start(earlyInput, call)).toMatchObject({
      kind: "answered",
      outcome: { status: "ACTIVE" },
    });
  });

  it("returns the answer of one workflow to concurrent calls", async () => {
    const trip = createInput();
    const calls = Array.from({ length: 20 }, () => workflows.start(trip, call));
    for (const reply of await Promise.all(calls)) {
      expect(reply).toEqual({
        kind: "answered",
        outcome: { status: "ACTIVE", startedAt: "answer 1" },
      });
    }
    const query = `WorkflowId = "${createTripWorkflowId(trip.tripId)}"`;
    const countOnceListed = async () => {
      const { count } = await test.temporal.client.workflow.count(query);
      return count > 0 ? count : undefined;
    };
    expect(await waitUntil(countOnceListed, { what: "the workflow in the list" })).toBe(1);
  });

  it("does not restart a workflow that has closed", async () => {
    const trip = await completeTrip();
    await workflows.start(trip, call);
    expect(await readStatus(trip)).toBe("COMPLETED");
  });

  it("times out when the caller has left", async () => {
    const leaving = new AbortController();
    leaving.abort();
    const reply = await workflows.start(createInput(), { ...call, signal: leaving.signal });
    expect(reply).toEqual({ kind: "timed-out" });
  });

  it("replies that Temporal is unavailable before the timeout", async () => {
    const temporal = await connectNoTemporal();
    const causes: unknown[] = [];
    const unreachable = createTripWorkflows(temporal.client, (cause) => causes.push(cause));
    const reply = await unreachable.start(createInput(), call);
    expect(reply).toMatchObject({ kind: "unavailable" });
    expect(causes).toHaveLength(1);
    await expect(temporal.assertReady()).rejects.toThrow("UNAVAILABLE");
    await temporal.close();
  });
});

describe("ensureStarted()", () => {
  it("starts a workflow once", async () => {
    const trip = createInput();
    const started = { kind: "answered", outcome: "started" };
    expect(await workflows.ensureStarted(trip, call)).toEqual(started);
    expect(await workflows.ensureStarted(trip, call)).toEqual(started);
    expect(await readStatus(trip)).toBe("RUNNING");
  });

  it("does not restart a workflow that has closed", async () => {
    const trip = await completeTrip();
    expect(await workflows.ensureStarted(trip, call)).toEqual({ kind: "not-running" });
    expect(await readStatus(trip)).toBe("COMPLETED");
  });
});

describe("end()", () => {
  it("returns the end, the same to concurrent calls", async () => {
    const { tripId } = await startTrip();
    const [one, other] = await Promise.all([
      workflows.end(tripId, requested, call),
      workflows.end(tripId, requested, call),
    ]);
    expect(one).toMatchObject({ kind: "answered", outcome: { endedAt: "answer 2" } });
    expect(other).toEqual(one);
  });

  it("replies with the reason of the workflow's refusal", async () => {
    const { tripId } = await startTrip(refusing);
    expect(await workflows.end(tripId, requested, call)).toEqual({
      kind: "refused",
      reason: "refused",
    });
  });

  it("replies that the workflow is not ready", async () => {
    const { tripId } = await startTrip(notReady);
    expect(await workflows.end(tripId, requested, call)).toEqual({
      kind: "not-ready",
      reason: "not yet",
    });
  });

  it("times out when the workflow takes longer than the call may", async () => {
    const { tripId } = await startTrip(stuck);
    expect(await workflows.end(tripId, requested, shortCall)).toEqual({ kind: "timed-out" });
  });

  it("replies that an unknown workflow is not running", async () => {
    expect(await workflows.end(randomUUID(), requested, call)).toEqual({ kind: "not-running" });
  });
});

describe("cancel()", () => {
  it("returns the outcome with the reason", async () => {
    const { tripId } = await startTrip();
    expect(await workflows.cancel(tripId, { reason: "rain" }, call)).toEqual({
      kind: "answered",
      outcome: { status: "CANCELLED", reason: "rain" },
    });
  });

  it("replies that a closed workflow is not running", async () => {
    const { tripId } = await completeTrip();
    expect(await workflows.cancel(tripId, { reason: "rain" }, call)).toEqual({
      kind: "not-running",
    });
  });
});

describe("progress()", () => {
  it("returns the steps, and the attempts and the last error of pending activities", async () => {
    const { tripId } = await startTrip(stuck);
    const outcome = await waitUntil(
      async () => {
        const reply = await workflows.progress(tripId, call);
        return reply.kind === "answered" && (reply.outcome.pending[0]?.attempt ?? 0) > 1
          ? reply.outcome
          : undefined;
      },
      { what: "a second attempt" },
    );
    expect(outcome.saga.steps).toMatchObject([{ name: "capture", state: "running" }]);
    expect(outcome.pending).toMatchObject([
      { activityId: "capture", lastError: "billing is unavailable" },
    ]);
  });

  it("replies that an unknown workflow is not running", async () => {
    expect(await workflows.progress(randomUUID(), call)).toEqual({ kind: "not-running" });
  });
});

describe("assertReady()", () => {
  it("resolves when the namespace can be used", async () => {
    await expect(test.temporal.assertReady()).resolves.toBeUndefined();
  });
});

describe("retry() and resolve()", () => {
  it("update the workflow, and return the steps that it reached", async () => {
    const { tripId } = await startTrip();
    const retried = await workflows.retry(tripId, {}, { ...call, decisionId: randomUUID() });
    expect(retried).toEqual({ kind: "answered", outcome: ["retried", "all"] });
    const resolved = await workflows.resolve(
      tripId,
      { note: "cash", step: "capture" },
      { ...call, decisionId: randomUUID() },
    );
    expect(resolved).toEqual({ kind: "answered", outcome: ["resolved", "capture", "cash"] });
  });

  it("reply that a closed workflow is not running", async () => {
    const { tripId } = await completeTrip();
    expect(await workflows.retry(tripId, {}, { ...call, decisionId: randomUUID() })).toEqual({
      kind: "not-running",
    });
  });
});

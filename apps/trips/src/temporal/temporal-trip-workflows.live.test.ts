import { randomUUID } from "node:crypto";
import { waitUntil } from "@fanfare/dev-stack";
import {
  createTripWorkflowId,
  type StartUpdateResult,
  type TripInput,
} from "@fanfare/trip-contract";
import { Client } from "@temporalio/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { locked, reluctant, stuck } from "../../test/stand-in-workflow.ts";
import { openNoTemporal, openTestTemporal, type TestTemporal } from "../../test/test-temporal.ts";
import { createBrokenWorkflows } from "./interrupted-workflows.ts";
import { createTripWorkflows } from "./temporal-trip-workflows.ts";
import type { Reply, TripWorkflows } from "./trip-workflows.ts";

const call = { timeoutMs: 20_000 };
const shortCall = { timeoutMs: 500 };

function aTrip(vehicleId = "vehicle-1"): TripInput {
  return {
    tripId: randomUUID(),
    riderId: "rosa",
    vehicleId,
    paymentMethod: "pm_card_visa",
    requestedAt: "2026-05-01T10:00:00.000Z",
  };
}

let test: TestTemporal;
let workflows: TripWorkflows;
/** early was started before there was a worker. */
const early = aTrip();
let replyWithoutWorker: Reply<StartUpdateResult>;

async function statusOf({ tripId }: TripInput): Promise<string> {
  const handle = test.temporal.client.workflow.getHandle(createTripWorkflowId(tripId));
  return (await handle.describe()).status.name;
}

async function started(vehicleId?: string): Promise<TripInput> {
  const trip = aTrip(vehicleId);
  expect((await workflows.start(trip, call)).kind).toBe("answered");
  return trip;
}

/** over is a trip whose workflow has ended. */
async function over(): Promise<TripInput> {
  const trip = await started();
  await workflows.end(trip.tripId, call);
  const ended = async () => (await statusOf(trip)) === "COMPLETED";
  await waitUntil(ended, { what: "the end of the workflow" });
  return trip;
}

beforeAll(async () => {
  test = await openTestTemporal();
  workflows = test.workflows;
  // Long enough for a busy server to hear of it.
  replyWithoutWorker = await workflows.start(early, { timeoutMs: 5_000 });
  await test.startWorker();
});
afterAll(async () => {
  await test[Symbol.asyncDispose]();
});

describe("start()", () => {
  it("starts the workflow also when nobody answers in time, and a repeated call joins it", async () => {
    expect(replyWithoutWorker).toEqual({ kind: "late" });
    expect(await statusOf(early)).toBe("RUNNING");
    expect(await workflows.start(early, call)).toMatchObject({
      kind: "answered",
      outcome: { status: "ACTIVE" },
    });
  });

  it("gives many calls at once the answer of one workflow", async () => {
    const trip = aTrip();
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

  it("starts nothing again once the workflow is over", async () => {
    const trip = await over();
    await workflows.start(trip, call);
    expect(await statusOf(trip)).toBe("COMPLETED");
  });

  it("is late when the caller has left", async () => {
    const leaving = new AbortController();
    leaving.abort();
    const reply = await workflows.start(aTrip(), { ...call, signal: leaving.signal });
    expect(reply).toEqual({ kind: "late" });
  });

  it("says that Temporal is away before the time of the call is over", async () => {
    const temporal = await openNoTemporal();
    const heard: unknown[] = [];
    const nobody = createTripWorkflows(temporal.client, (cause) => heard.push(cause));
    const reply = await nobody.start(aTrip(), call);
    expect(reply).toMatchObject({ kind: "away" });
    expect(heard).toHaveLength(1);
    await expect(temporal.ready()).rejects.toThrow("UNAVAILABLE");
    await temporal.close();
  });
});

describe("launch()", () => {
  it("starts a workflow once", async () => {
    const trip = aTrip();
    const launched = { kind: "answered", outcome: "launched" };
    expect(await workflows.launch(trip, call)).toEqual(launched);
    expect(await workflows.launch(trip, call)).toEqual(launched);
    expect(await statusOf(trip)).toBe("RUNNING");
  });

  it("starts nothing again once the workflow is over", async () => {
    const trip = await over();
    expect(await workflows.launch(trip, call)).toEqual({ kind: "gone" });
    expect(await statusOf(trip)).toBe("COMPLETED");
  });
});

describe("end()", () => {
  it("answers the end, the same for calls at once", async () => {
    const { tripId } = await started();
    const [one, other] = await Promise.all([
      workflows.end(tripId, call),
      workflows.end(tripId, call),
    ]);
    expect(one).toMatchObject({ kind: "answered", outcome: { endedAt: "answer 2" } });
    expect(other).toEqual(one);
  });

  it("says why the workflow refuses", async () => {
    const { tripId } = await started(locked);
    expect(await workflows.end(tripId, call)).toEqual({ kind: "refused", reason: "locked" });
  });

  it("says that the workflow does not do it yet", async () => {
    const { tripId } = await started(reluctant);
    expect(await workflows.end(tripId, call)).toEqual({ kind: "early", reason: "not yet" });
  });

  it("is late when the workflow takes longer than the call may", async () => {
    const { tripId } = await started(stuck);
    expect(await workflows.end(tripId, shortCall)).toEqual({ kind: "late" });
  });

  it("finds none that never was", async () => {
    expect(await workflows.end(randomUUID(), call)).toEqual({ kind: "gone" });
  });
});

describe("cancel()", () => {
  it("answers the outcome, with the reason", async () => {
    const { tripId } = await started();
    expect(await workflows.cancel(tripId, { reason: "rain" }, call)).toEqual({
      kind: "answered",
      outcome: { status: "CANCELLED", reason: "rain" },
    });
  });

  it("finds none that is over", async () => {
    const { tripId } = await over();
    expect(await workflows.cancel(tripId, { reason: "rain" }, call)).toEqual({ kind: "gone" });
  });
});

describe("progress()", () => {
  it("tells the steps, and the attempts and the last error of what is running", async () => {
    const { tripId } = await started(stuck);
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
      { activityId: "capture", lastError: "billing is away" },
    ]);
  });

  it("finds none that never was", async () => {
    expect(await workflows.progress(randomUUID(), call)).toEqual({ kind: "gone" });
  });
});

describe("ready()", () => {
  it("resolves when the namespace can be used", async () => {
    await expect(test.temporal.ready()).resolves.toBeUndefined();
  });
});

describe("retry() and resolve()", () => {
  it("ask the workflow, and answer which steps it reached", async () => {
    const { tripId } = await started();
    const retried = await workflows.retry(tripId, {}, call);
    expect(retried).toEqual({ kind: "answered", outcome: ["retried", "all"] });
    const resolved = await workflows.resolve(tripId, { note: "cash", step: "capture" }, call);
    expect(resolved).toEqual({ kind: "answered", outcome: ["resolved", "capture", "cash"] });
  });

  it("say that a workflow is over", async () => {
    const { tripId } = await over();
    expect(await workflows.retry(tripId, {}, call)).toEqual({ kind: "gone" });
  });
});

describe("has()", () => {
  it("knows workflows that run and that are over, and none that never was", async () => {
    const broken = createBrokenWorkflows(test.temporal.client, () => {});
    const known = [await started(), await over()];
    for (const { tripId } of known) {
      expect(await broken.has(tripId, call)).toEqual({ kind: "answered", outcome: true });
    }
    expect(await broken.has(randomUUID(), call)).toEqual({ kind: "answered", outcome: false });
  });

  it("takes no workflow for gone that is asked for in the wrong place", async () => {
    const { connection } = test.temporal.client;
    const elsewhere = new Client({ connection, namespace: "elsewhere" });
    const { tripId } = await started();
    const reply = await createBrokenWorkflows(elsewhere, () => {}).has(tripId, call);
    expect(reply.kind).toBe("away");
  });
});

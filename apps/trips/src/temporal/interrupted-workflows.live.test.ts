import { randomUUID } from "node:crypto";
import { waitUntil } from "@fanfare/dev-stack";
import { createTripWorkflowId, type TripInput } from "@fanfare/trip-contract";
import { Client } from "@temporalio/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  connectNoTemporal,
  openTestTemporal,
  type TestTemporal,
} from "../../test/test-temporal.ts";
import { createInput } from "../../test/trip-inputs.ts";
import { createInterruptedWorkflows } from "./interrupted-workflows.ts";
import type { TripWorkflows } from "./trip-workflows.ts";

const call = { timeoutMs: 20_000 };

let test: TestTemporal;
let workflows: TripWorkflows;
beforeAll(async () => {
  test = await openTestTemporal();
  workflows = test.workflows;
});
afterAll(async () => {
  await test[Symbol.asyncDispose]();
});

async function startTrip(): Promise<TripInput> {
  const trip = createInput();
  await workflows.ensureStarted(trip, call);
  return trip;
}

async function closeTrip(): Promise<TripInput> {
  const trip = await startTrip();
  const { workflow } = test.temporal.client;
  await workflow.getHandle(createTripWorkflowId(trip.tripId)).terminate();
  return trip;
}

describe("list()", () => {
  it("yields all interrupted runs, of several pages", async () => {
    const trips = Array.from({ length: 120 }, () => createInput());
    await Promise.all(trips.map((trip) => workflows.ensureStarted(trip, call)));
    const { workflow } = test.temporal.client;
    await Promise.all(
      trips.map(({ tripId }) => workflow.getHandle(createTripWorkflowId(tripId)).terminate()),
    );
    const interrupted = createInterruptedWorkflows(test.temporal.client, () => {});
    const listed = async () => {
      const tripIds = new Set<string>();
      for await (const reply of interrupted.list(new Date(0), call)) {
        if (reply.kind === "answered") tripIds.add(reply.outcome.tripId);
      }
      return trips.every(({ tripId }) => tripIds.has(tripId));
    };
    expect(await waitUntil(listed, { what: "120 terminated workflows in the list" })).toBe(true);
  });

  it("yields runs whose key is missing, and whether the reconciler had started them", async () => {
    const { connection, workflow } = test.temporal.client;
    const recovered = createInput();
    const interrupted = createInterruptedWorkflows(test.temporal.client, () => {});
    expect(await interrupted.restart(recovered, call)).toEqual({
      kind: "answered",
      outcome: "started",
    });
    await workflow.getHandle(createTripWorkflowId(recovered.tripId)).terminate();
    const withoutKey = createInterruptedWorkflows(new Client({ connection }), () => {});
    const find = async () => {
      for await (const reply of withoutKey.list(new Date(0), call)) {
        if (reply.kind !== "answered") throw new Error(`expected runs, got ${reply.kind}`);
        if (reply.outcome.tripId === recovered.tripId) return reply.outcome;
      }
      return undefined;
    };
    const run = await waitUntil(find, { what: "the terminated workflow in the list" });
    expect(run).toMatchObject({ recovery: true, status: "TERMINATED" });
  });

  it("replies that Temporal is unavailable, and ends", async () => {
    const temporal = await connectNoTemporal();
    const kinds: string[] = [];
    const unreachable = createInterruptedWorkflows(temporal.client, () => {});
    for await (const { kind } of unreachable.list(new Date(0), call)) kinds.push(kind);
    expect(kinds).toEqual(["unavailable"]);
    await temporal.close();
  });
});

describe("exists()", () => {
  it("returns true for running and closed workflows, and false for unknown ones", async () => {
    const interrupted = createInterruptedWorkflows(test.temporal.client, () => {});
    const known = [await startTrip(), await closeTrip()];
    for (const { tripId } of known) {
      expect(await interrupted.exists(tripId, call)).toEqual({ kind: "answered", outcome: true });
    }
    expect(await interrupted.exists(randomUUID(), call)).toEqual({
      kind: "answered",
      outcome: false,
    });
  });

  it("replies that Temporal is unavailable when the namespace does not exist", async () => {
    const { connection } = test.temporal.client;
    const elsewhere = new Client({ connection, namespace: "elsewhere" });
    const { tripId } = await startTrip();
    const reply = await createInterruptedWorkflows(elsewhere, () => {}).exists(tripId, call);
    expect(reply.kind).toBe("unavailable");
  });
});

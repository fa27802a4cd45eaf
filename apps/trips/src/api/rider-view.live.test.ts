import { randomUUID } from "node:crypto";
import { type DescMessage, type Message, toJsonString } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { TripOperationsService } from "@fanfare/contracts/operators/v1/trip_operations";
import { TripsService } from "@fanfare/contracts/trips/v1/trips";
import { catchRefusal } from "@fanfare/test-fixtures";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openTestApi, type TestApi } from "../../test/test-api.ts";
import { compensate, park, recordBroadcast, recordDelay, settle } from "../registry/transitions.ts";
import type { Reply } from "../temporal/trip-workflows.ts";

/** In every text that a rider must not see. */
const marker = "marked-7f3a";
const operator = { role: "operator", subject: `olga-${marker}` } as const;

let api: TestApi;
beforeAll(async () => {
  // In memory, a stream that the client leaves keeps its place.
  api = await openTestApi({ maxWatchers: 1_000 });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});
beforeEach(() => {
  api.workflows.override = undefined;
  api.workflows.refusal = undefined;
  api.workflows.parked = [];
});

interface Request {
  readonly tripId: string;
  readonly vehicleId: string;
  readonly paymentMethod: string;
}

/** Returns a text with everything that an answer has, or an error. */
async function readAnswer(schema: DescMessage, answer: Promise<Message>): Promise<string> {
  try {
    return toJsonString(schema, await answer);
  } catch (error) {
    const { code, rawMessage, details, metadata } = ConnectError.from(error);
    return JSON.stringify([code, rawMessage, details, [...metadata]]);
  }
}

/** Returns what a watch of the rider sends up to a version of the trip. */
async function readWatch(
  request: { readonly tripId: string; readonly afterVersion: bigint },
  version: bigint,
): Promise<string[]> {
  const answers: string[] = [];
  const watching = new AbortController();
  const stream = api.rider().watchTrip(request, { signal: watching.signal });
  try {
    for await (const change of stream) {
      answers.push(toJsonString(TripsService.method.watchTrip.output, change));
      if (change.trip !== undefined && change.trip.version >= version) watching.abort();
    }
  } catch (error) {
    if (!watching.signal.aborted) throw error;
  }
  return answers;
}

/** Calls every method of TripsService as the rider of a trip, and returns all answers as text. */
async function callAll(request: Request): Promise<string[]> {
  const rider = api.rider();
  const { tripId } = request;
  const { method } = TripsService;
  const unary: Partial<Record<string, () => Promise<Message>>> = {
    startTrip: () => rider.startTrip(request),
    endTrip: () => rider.endTrip({ tripId }),
    cancelTrip: () => rider.cancelTrip({ tripId }),
    getTrip: () => rider.getTrip({ tripId }),
    listTrips: () => rider.listTrips({}),
  };
  const called = [...Object.keys(unary), "watchTrip"];
  expect(called.toSorted()).toEqual(Object.keys(method).toSorted());
  const answers: string[] = [];
  for (const { localName, output, methodKind } of TripsService.methods) {
    const call = unary[localName];
    if (call !== undefined) answers.push(await readAnswer(output, call()));
    if (methodKind !== "server_streaming") continue;
    const { version = 0n } = (await api.operator.getTrip({ tripId })).trip ?? {};
    for (const afterVersion of [0n, 1n]) {
      answers.push(...(await readWatch({ tripId, afterVersion }, version)));
    }
  }
  return answers;
}

/** Returns the answers to the rider of a trip that have the marker. */
async function findMarked(request: Request): Promise<string[]> {
  const answers = await callAll(request);
  expect(answers.join("\n")).toContain(request.tripId);
  return answers.filter((answer) => answer.includes(marker));
}

async function startTrip(): Promise<Request> {
  const request = {
    tripId: randomUUID(),
    vehicleId: "vehicle-1",
    paymentMethod: "pm_card_visa",
  };
  await api.freeRiders();
  await api
    .rider()
    .startTrip(request)
    .catch(() => undefined);
  return request;
}

describe("a rider sees nothing of what is the operators'", () => {
  it.each(["open-tab", "reserve-vehicle", marker])(
    "when the step %s is refused with a text of a service",
    async (step) => {
      for (const code of ["failed_precondition", "not_found", "permission_denied", "internal"]) {
        const message = `connect ECONNREFUSED billing.${marker}.svc:8083`;
        api.workflows.refusal = { code, message, step };
        const request = await startTrip();
        const { trip } = await api.operator.getTrip(request);
        expect(trip?.reason).toContain(marker);
        expect(await findMarked(request)).toEqual([]);
      }
    },
  );

  it("while steps are parked, delayed and decided on, and after them", async () => {
    const request = await startTrip();
    await api.rider().endTrip(request);
    const { tripId } = request;
    const at = { version: 8n, step: `capture-${marker}` };
    await api.registry.record(tripId, recordDelay(at));
    expect(await findMarked(request)).toEqual([]);
    await api.registry.record(tripId, park({ ...at, reason: `${marker} was declined` }));
    expect(await findMarked(request)).toEqual([]);
    api.workflows.parked = [at.step];
    const { trip } = await api.operations(operator).resolveTrip({ tripId, note: `paid ${marker}` });
    expect(trip).toMatchObject({
      reason: expect.stringContaining(marker),
      decision: expect.stringContaining(marker),
      delayedStep: expect.stringContaining(marker),
    });
    expect(await findMarked(request)).toEqual([]);
    await api.registry.record(tripId, settle({ minorUnits: 160n, currency: "EUR" }));
    await api.registry.record(tripId, recordBroadcast({ state: "DELAYED", error: marker }));
    expect(await findMarked(request)).toEqual([]);
  });

  it("when an operator refunds the trip, but the sum of what was refunded", async () => {
    const request = await startTrip();
    const { tripId } = request;
    await api.rider().endTrip(request);
    await api.registry.record(tripId, settle({ minorUnits: 160n, currency: "EUR" }));
    const amount = { minorUnits: 80n, currency: "EUR" };
    const refund = { tripId, amount, reason: marker };
    const [made, refused] = await Promise.all([
      api.operations(operator).refundTrip(refund),
      api.operations(operator).refundTrip(refund),
    ]);
    const [one = "", other = ""] = [made, refused].map(({ refund: { refundId } = {} }) => refundId);
    expect(await findMarked(request)).toEqual([]);
    await api.refunds.record(tripId, one, { state: "REFUNDED", refusal: "" });
    await api.refunds.record(tripId, other, { state: "REFUSED", refusal: marker });
    expect(await findMarked(request)).toEqual([]);
    const { trip } = await api.rider().getTrip({ tripId });
    expect(trip?.refunded).toMatchObject(amount);
  });

  it("when an operator ends or cancels the trip", async () => {
    const ended = await startTrip();
    await api.operations(operator).endTrip({ tripId: ended.tripId, reason: marker });
    expect(await findMarked(ended)).toEqual([]);
    const cancelled = await startTrip();
    await api.operations(operator).cancelTrip({ tripId: cancelled.tripId, reason: marker });
    expect(await findMarked(cancelled)).toEqual([]);
  });

  it("when a compensation began for a reason of the saga, and is parked", async () => {
    const request = await startTrip();
    const { tripId } = request;
    await api.registry.record(tripId, compensate({ version: 7n, reason: marker }));
    expect(await findMarked(request)).toEqual([]);
    await api.registry.record(tripId, park({ version: 8n, step: "open-tab", reason: marker }));
    expect(await findMarked(request)).toEqual([]);
  });

  it("when Temporal or the workflow refuses or fails a call", async () => {
    const replies: Reply<never>[] = [
      { kind: "refused", reason: marker },
      { kind: "not-ready", reason: marker },
      { kind: "unavailable", cause: new Error(marker) },
    ];
    for (const override of replies) {
      const request = await startTrip();
      api.workflows.override = override;
      expect(await findMarked(request)).toEqual([]);
      const fresh = await startTrip();
      expect(await findMarked(fresh)).toEqual([]);
      api.workflows.override = undefined;
    }
  });
});

it("lets no rider call a method of operators", async () => {
  const { tripId } = await startTrip();
  const rider = api.operations({ role: "rider", subject: "rosa" });
  const calls = [
    rider.getTrip({ tripId }),
    rider.listTrips({}),
    rider.getTripProgress({ tripId }),
    rider.endTrip({ tripId, reason: "mine" }),
    rider.cancelTrip({ tripId }),
    rider.retryTrip({ tripId }),
    rider.resolveTrip({ tripId, note: "let me" }),
    rider.refundTrip({ tripId, reason: "mine" }),
    rider.listRefunds({ tripId }),
    rider.watchTrip({ tripId })[Symbol.asyncIterator]().next(),
  ];
  expect(calls).toHaveLength(TripOperationsService.methods.length);
  for (const call of calls) expect((await catchRefusal(call)).code).toBe(Code.PermissionDenied);
});

import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Broadcast_State, OperatorTripSchema } from "@fanfare/contracts/trips/v1/operator_trip";
import { TripRegistryService } from "@fanfare/contracts/trips/v1/trip_registry";
import { describe, expect, it } from "vitest";
import { createRecordingService, runAsActivity, workflowId } from "../../test/activity.ts";
import { createRegistryActivities } from "./trips.ts";

const at = "2030-01-01T10:00:00.000Z";
const call = (step: string) => ({ step, tripId: "t", version: 7 });

function createRegistry(trip: MessageInitShape<typeof OperatorTripSchema> = {}) {
  const { transport, calls } = createRecordingService((router, record) =>
    router.service(TripRegistryService, {
      acceptTrip: (request, context) => (record(request, context), { trip }),
      activateTrip: (request, context) => (record(request, context), { trip }),
      stopTrip: (request, context) => (record(request, context), { trip }),
      limitDrive: (request, context) => (record(request, context), { trip }),
      completeDrive: (request, context) => (record(request, context), { trip }),
      settleTrip: (request, context) => (record(request, context), { trip }),
      compensateTrip: (request, context) => (record(request, context), { trip }),
      cancelTripRecord: (request, context) => (record(request, context), { trip }),
      parkTrip: (request, context) => (record(request, context), { trip }),
      resumeTrip: (request, context) => (record(request, context), { trip }),
      recordDelay: (request, context) => (record(request, context), { trip }),
      recordBroadcast: (request, context) => (record(request, context), { trip }),
    }),
  );
  return { registry: createRegistryActivities({ transport }), calls };
}

describe("createRegistryActivities()", () => {
  it("records each change with its version, under its key", async () => {
    const startedAt = timestampFromDate(new Date(at));
    const { registry, calls } = createRegistry({ startedAt });
    const settled = { minorUnits: 130, currency: "EUR" };
    const refusal = { code: "not_found", message: "no such vehicle", step: "reserve-vehicle" };
    await runAsActivity(async () => {
      await registry.acceptTrip(call("accept-trip"));
      await registry.activateTrip(call("drive"));
      await registry.settleTrip({ ...call("settle"), settled });
      const resolvedSteps = ["charge-fare"];
      const compensation = { reason: "rain", refusal, resolvedSteps };
      await registry.compensateTrip({ ...call("compensate-7"), ...compensation });
      const cancelling = { ...call("accept-trip"), resolvedSteps };
      await registry.cancelTripRecord({ ...cancelling, reason: "rain" });
      await registry.cancelTripRecord({ ...cancelling, reason: "no such vehicle", refusal });
      const parked = { parkedStep: "open-tab", reason: "locked", resolvedSteps };
      await registry.parkTrip({ ...call("park-7"), ...parked });
      await registry.resumeTrip({ ...call("resume-7"), resolvedSteps });
      await registry.recordDelay({ ...call("delay-7"), delayedStep: "capture" });
    });
    const resolved = { resolvedSteps: ["charge-fare"] };
    expect(calls).toMatchObject([
      {
        method: "AcceptTrip",
        key: `${workflowId}/accept-trip`,
        request: { tripId: "t", version: 7n },
      },
      { method: "ActivateTrip", key: `${workflowId}/drive`, request: { version: 7n } },
      { method: "SettleTrip", request: { settled: { minorUnits: 130n, currency: "EUR" } } },
      {
        method: "CompensateTrip",
        key: `${workflowId}/compensate-7`,
        request: { reason: "rain", refusal },
      },
      { method: "CancelTripRecord", key: `${workflowId}/accept-trip`, request: { reason: "rain" } },
      { request: { refusal, ...resolved } },
      { method: "ParkTrip", request: { step: "open-tab", reason: "locked", ...resolved } },
      {
        method: "ResumeTrip",
        key: `${workflowId}/resume-7`,
        request: { version: 7n, ...resolved },
      },
      { method: "RecordDelay", request: { step: "capture" } },
    ]);
    expect(calls[4]?.request).not.toHaveProperty("refusal.code");
  });

  it("returns the start of the drive that the registry fixed", async () => {
    const { registry } = createRegistry({ startedAt: timestampFromDate(new Date(at)) });
    const started = await runAsActivity(() => registry.activateTrip(call("drive")));
    expect(started).toEqual({ startedAt: at });
  });

  it("returns the end and the fare that the registry fixed", async () => {
    const { registry, calls } = createRegistry({
      endedAt: timestampFromDate(new Date(at)),
      fare: { minorUnits: 30n, currency: "EUR" },
    });
    const ended = await runAsActivity(() =>
      registry.completeDrive({ ...call("complete-drive"), endedAt: "2030-01-01T10:00:01.000Z" }),
    );
    expect(ended).toEqual({ endedAt: at, fare: { minorUnits: 30, currency: "EUR" } });
    expect(calls).toMatchObject([{ method: "CompleteDrive" }]);
  });

  it("returns the recorded end of a drive at its maximum", async () => {
    const { registry, calls } = createRegistry({ endRequestedAt: timestampFromDate(new Date(at)) });
    const limited = await runAsActivity(() =>
      registry.limitDrive({ ...call("limit-drive"), endedAt: at }),
    );
    expect(limited).toEqual({ endRequestedAt: at });
    expect(calls).toMatchObject([{ method: "LimitDrive", key: `${workflowId}/limit-drive` }]);
  });

  it("returns whether a trip that is stopped is cancelled, or its drive has ended", async () => {
    const requestedAt = timestampFromDate(new Date(at));
    const ended = { cancelled: false, endRequestedAt: at };
    for (const { trip, answer } of [
      { trip: { cancelRequestedAt: requestedAt }, answer: { cancelled: true } },
      { trip: { endRequestedAt: requestedAt }, answer: ended },
      { trip: { endedAt: requestedAt }, answer: ended },
    ]) {
      const { registry } = createRegistry(trip);
      const stop = { ...call("stop-4"), reason: "rain" };
      expect(await runAsActivity(() => registry.stopTrip(stop))).toEqual(answer);
    }
  });

  it("records whether TripCompleted is published, or why it is delayed", async () => {
    const { registry, calls } = createRegistry();
    const record = (broadcast: Parameters<typeof registry.recordBroadcast>[0]["broadcast"]) =>
      runAsActivity(() => registry.recordBroadcast({ ...call("broadcast-7"), broadcast }));
    await record({ state: "delayed", error: "no broker" });
    await record({ state: "published", publishedAt: at });
    const publishedAt = timestampFromDate(new Date(at));
    expect(calls).toMatchObject([
      { request: { broadcast: { state: Broadcast_State.DELAYED, error: "no broker" } } },
      { request: { broadcast: { state: Broadcast_State.PUBLISHED, publishedAt } } },
    ]);
  });

  it("truncates a reason to what the registry accepts", async () => {
    const { registry, calls } = createRegistry();
    const reason = "x".repeat(5_000);
    const compensation = { ...call("compensate-7"), reason, resolvedSteps: [] };
    await runAsActivity(() => registry.compensateTrip(compensation));
    expect(calls).toMatchObject([{ request: { reason: "x".repeat(1_000) } }]);
  });
});

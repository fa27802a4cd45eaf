import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Broadcast_State, LedgerService, type TripSchema } from "@fanfare/contracts/trips/v1/trips";
import { describe, expect, it } from "vitest";
import { asActivity, createEar, workflowId } from "../../test/activity.ts";
import { createLedgerActivities } from "./trips.ts";

const at = "2030-01-01T10:00:00.000Z";
const call = (step: string) => ({ step, tripId: "t", version: 7 });

function ledgerThatAnswers(trip: MessageInitShape<typeof TripSchema> = {}) {
  const { transport, heard } = createEar((router, hear) =>
    router.service(LedgerService, {
      takeUpTrip: (request, context) => (hear(request, context), { trip }),
      activateTrip: (request, context) => (hear(request, context), { trip }),
      completeDrive: (request, context) => (hear(request, context), { trip }),
      settleTrip: (request, context) => (hear(request, context), { trip }),
      compensateTrip: (request, context) => (hear(request, context), { trip }),
      cancelTripRecord: (request, context) => (hear(request, context), { trip }),
      parkTrip: (request, context) => (hear(request, context), { trip }),
      resumeTrip: (request, context) => (hear(request, context), { trip }),
      recordDelay: (request, context) => (hear(request, context), { trip }),
      recordBroadcast: (request, context) => (hear(request, context), { trip }),
    }),
  );
  return { ledger: createLedgerActivities({ transport }), heard };
}

describe("createLedgerActivities()", () => {
  it("records each change with its version, under its key", async () => {
    const startedAt = timestampFromDate(new Date(at));
    const { ledger, heard } = ledgerThatAnswers({ startedAt });
    const settled = { minorUnits: 130, currency: "EUR" };
    const refusal = { code: "not_found", message: "no such vehicle", step: "reserve-vehicle" };
    await asActivity(async () => {
      await ledger.takeUpTrip(call("take-up"));
      await ledger.activateTrip({ ...call("drive"), startedAt: at });
      await ledger.settleTrip({ ...call("settle"), settled });
      await ledger.compensateTrip({ ...call("compensate-7"), reason: "rain" });
      await ledger.cancelTripRecord({ ...call("take-up"), reason: "rain" });
      await ledger.cancelTripRecord({ ...call("take-up"), reason: "no such vehicle", refusal });
      await ledger.parkTrip({ ...call("park-7"), parkedStep: "open-tab", reason: "locked" });
      await ledger.resumeTrip(call("resume-7"));
      await ledger.recordDelay({ ...call("delay-7"), delayedStep: "capture" });
    });
    expect(heard).toMatchObject([
      { method: "TakeUpTrip", key: `${workflowId}/take-up`, request: { tripId: "t", version: 7n } },
      { method: "ActivateTrip", key: `${workflowId}/drive`, request: { version: 7n, startedAt } },
      { method: "SettleTrip", request: { settled: { minorUnits: 130n, currency: "EUR" } } },
      { method: "CompensateTrip", key: `${workflowId}/compensate-7`, request: { reason: "rain" } },
      { method: "CancelTripRecord", key: `${workflowId}/take-up`, request: { reason: "rain" } },
      { request: { refusal: { code: "not_found", message: "no such vehicle" } } },
      { method: "ParkTrip", request: { step: "open-tab", reason: "locked" } },
      { method: "ResumeTrip", key: `${workflowId}/resume-7`, request: { version: 7n } },
      { method: "RecordDelay", request: { step: "capture" } },
    ]);
    expect(heard[4]?.request).not.toHaveProperty("refusal.code");
  });

  it("answers the beginning of the drive that the ledger fixed", async () => {
    const { ledger } = ledgerThatAnswers({ startedAt: timestampFromDate(new Date(at)) });
    const late = { ...call("drive"), startedAt: "2030-01-01T10:00:05.000Z" };
    expect(await asActivity(() => ledger.activateTrip(late))).toEqual({ startedAt: at });
  });

  it("answers the end and the fare that the ledger fixed", async () => {
    const { ledger, heard } = ledgerThatAnswers({
      endedAt: timestampFromDate(new Date(at)),
      fare: { minorUnits: 30n, currency: "EUR" },
    });
    const ended = await asActivity(() =>
      ledger.completeDrive({ ...call("complete-drive"), endedAt: "2030-01-01T10:00:01.000Z" }),
    );
    expect(ended).toEqual({ endedAt: at, fare: { minorUnits: 30, currency: "EUR" } });
    expect(heard).toMatchObject([{ method: "CompleteDrive" }]);
  });

  it("says whether the broadcast is out, or why it is not", async () => {
    const { ledger, heard } = ledgerThatAnswers();
    const record = (broadcast: Parameters<typeof ledger.recordBroadcast>[0]["broadcast"]) =>
      asActivity(() => ledger.recordBroadcast({ ...call("broadcast-7"), broadcast }));
    await record({ state: "delayed", error: "no broker" });
    await record({ state: "published", publishedAt: at });
    const publishedAt = timestampFromDate(new Date(at));
    expect(heard).toMatchObject([
      { request: { broadcast: { state: Broadcast_State.DELAYED, error: "no broker" } } },
      { request: { broadcast: { state: Broadcast_State.PUBLISHED, publishedAt } } },
    ]);
  });

  it("cuts a reason to what the ledger takes", async () => {
    const { ledger, heard } = ledgerThatAnswers();
    const reason = "x".repeat(5_000);
    await asActivity(() => ledger.compensateTrip({ ...call("compensate-7"), reason }));
    expect(heard).toMatchObject([{ request: { reason: "x".repeat(1_000) } }]);
  });
});

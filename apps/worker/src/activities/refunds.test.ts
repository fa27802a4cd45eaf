import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { createMemoryBus } from "@fanfare/bus";
import { BillingService } from "@fanfare/contracts/billing/v1/billing";
import { RefundEvents, type TripRefunded } from "@fanfare/contracts/trips/v1/refund_events";
import { TripRefund_State } from "@fanfare/contracts/trips/v1/trip_refund";
import { TripRegistryService } from "@fanfare/contracts/trips/v1/trip_registry";
import { ApplicationFailure } from "@temporalio/common";
import { describe, expect, it } from "vitest";
import { runAsActivity, workflowId } from "../../test/activity.ts";
import { createRefundActivities } from "./refunds.ts";

const tripId = "7f2cbb0c-8f0e-4b8e-9d0c-3f1f6a3c0b11";
const euros = (minorUnits: number) => ({ minorUnits, currency: "EUR" });
const money = (minorUnits: number) => ({ minorUnits: BigInt(minorUnits), currency: "EUR" });
const refund = { tripId, refundId: "one", amount: euros(50) };
const refundedAt = new Date("2026-11-21T10:23:00.000Z");

/** Creates the activities over a billing that answers each call with the code. */
function createActivities(code?: Code) {
  const keys: (string | null)[] = [];
  const records: TripRefund_State[] = [];
  const fail = () => {
    if (code !== undefined) throw new ConnectError("no", code);
  };
  const bus = createMemoryBus();
  const activities = createRefundActivities({
    billing: createRouterTransport((router) =>
      router.service(BillingService, {
        refundCapture: (_, context) => {
          keys.push(context.requestHeader.get("idempotency-key"));
          fail();
          return { refunded: money(50) };
        },
      }),
    ),
    trips: createRouterTransport((router) =>
      router.service(TripRegistryService, {
        recordRefund: ({ state }) => {
          fail();
          records.push(state);
          return {
            trip: { riderId: "rosa", vehicleId: "vehicle-1", settled: money(130) },
            refund: {
              amount: money(50),
              totalRefunded: money(60),
              refundedAt: timestampFromDate(refundedAt),
            },
          };
        },
      }),
    ),
    bus,
  });
  return { activities, keys, records, bus };
}

async function catchFailure(run: () => Promise<unknown>): Promise<unknown> {
  return await runAsActivity(run).then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("createRefundActivities()", () => {
  it("refunds under the key of the workflow, records and publishes what the registry has", async () => {
    const { activities, keys, records, bus } = createActivities();
    const seen: [TripRefunded, string][] = [];
    await bus.subscribe("refunds", (on) =>
      on.service(RefundEvents, { tripRefunded: (event, { id }) => void seen.push([event, id]) }),
    );
    const step = "refund-capture";
    expect(await runAsActivity(() => activities.refundCapture({ ...refund, step }))).toEqual({});
    expect(keys).toEqual([`${workflowId}/refund-capture`]);
    const recorded = await runAsActivity(() => activities.recordRefunded(refund));
    await runAsActivity(() => activities.publishTripRefunded(recorded));
    await runAsActivity(() => activities.recordPublishedRefund(refund));
    expect(records).toEqual([TripRefund_State.REFUNDED, TripRefund_State.PUBLISHED]);
    await bus.idle();
    expect(seen).toMatchObject([
      [
        {
          tripId,
          riderId: "rosa",
          vehicleId: "vehicle-1",
          refundId: "one",
          refunded: money(50),
          totalRefunded: money(60),
          settled: money(130),
          refundedAt: timestampFromDate(refundedAt),
        },
        `refund/${tripId}/one`,
      ],
    ]);
  });

  it.each([Code.FailedPrecondition, Code.OutOfRange, Code.InvalidArgument, Code.AlreadyExists])(
    "returns the refusal of billing with code %i",
    async (code) => {
      const { activities } = createActivities(code);
      const call = () => activities.refundCapture({ ...refund, step: "refund-capture" });
      expect(await runAsActivity(call)).toEqual({ refusal: "no" });
    },
  );

  it.each([Code.PermissionDenied, Code.Unauthenticated, Code.NotFound, Code.Unavailable])(
    "retries what may follow a refund that was made: code %i",
    async (code) => {
      const { activities } = createActivities(code);
      const call = () => activities.refundCapture({ ...refund, step: "refund-capture" });
      for (const failing of [call, () => activities.recordRefunded(refund)]) {
        const failure = await catchFailure(failing);
        expect(failure).toBeInstanceOf(ApplicationFailure);
        expect(failure).toMatchObject({ nonRetryable: false });
      }
    },
  );
});

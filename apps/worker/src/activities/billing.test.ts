import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { Account, BillingService } from "@fanfare/contracts/billing/v1/billing";
import { describe, expect, it } from "vitest";
import { createRecordingService, runAsActivity, workflowId } from "../../test/activity.ts";
import { createBillingActivities } from "./billing.ts";

const euros = (minorUnits: number) => ({ minorUnits, currency: "EUR" });

function recordBilling(captured?: { minorUnits: bigint; currency: string }) {
  return createRecordingService((router, record) =>
    router.service(BillingService, {
      openTab: (request, context) => (record(request, context), {}),
      voidTab: (request, context) => (record(request, context), {}),
      charge: (request, context) => (record(request, context), {}),
      refund: (request, context) => (record(request, context), {}),
      captureTab: (request, context) => {
        record(request, context);
        return captured === undefined ? {} : { captured };
      },
    }),
  );
}

function refuse(): never {
  throw new ConnectError("the tab is being captured", Code.FailedPrecondition);
}

describe("createBillingActivities()", () => {
  it("opens, charges, refunds and voids a tab under the keys of the steps", async () => {
    const { transport, calls } = recordBilling();
    const billing = createBillingActivities({ transport });
    await runAsActivity(() =>
      billing.openTab({
        step: "open-tab",
        tripId: "t",
        riderId: "r",
        paymentMethod: "pm",
        limit: euros(500),
      }),
    );
    await runAsActivity(() =>
      billing.charge({
        step: "charge-unlock-fee",
        tripId: "t",
        description: "Fee",
        amount: euros(100),
      }),
    );
    await runAsActivity(() => billing.refund({ step: "charge-unlock-fee", tripId: "t" }));
    await runAsActivity(() => billing.voidTab({ step: "open-tab", tripId: "t" }));
    expect(calls).toMatchObject([
      {
        method: "OpenTab",
        key: `${workflowId}/open-tab`,
        request: { riderId: "r", paymentMethod: "pm", limit: { minorUnits: 500n } },
      },
      {
        method: "Charge",
        key: `${workflowId}/charge-unlock-fee`,
        request: {
          description: "Fee",
          amount: { minorUnits: 100n, currency: "EUR" },
          account: Account.FEES,
        },
      },
      { method: "Refund", key: `${workflowId}/charge-unlock-fee`, request: { tripId: "t" } },
      { method: "VoidTab", key: `${workflowId}/open-tab`, request: { tripId: "t" } },
    ]);
  });

  it("releases a tab: voids it, or returns what was captured after all", async () => {
    const call = { step: "release-tab", tripId: "t" };
    const open = recordBilling();
    const released = createBillingActivities(open);
    expect(await runAsActivity(() => released.releaseTab(call))).toEqual({});
    expect(open.calls).toMatchObject([{ method: "VoidTab", key: `${workflowId}/open-tab` }]);

    const taken = createBillingActivities({
      transport: createRouterTransport(({ service }) =>
        service(BillingService, {
          voidTab: refuse,
          captureTab: () => ({ captured: { minorUnits: 130n, currency: "EUR" } }),
        }),
      ),
    });
    expect(await runAsActivity(() => taken.releaseTab(call))).toEqual({ captured: euros(130) });

    // The tab is open again once its capture is declined.
    const declined = createBillingActivities({
      transport: createRouterTransport(({ service }) =>
        service(BillingService, { voidTab: refuse, captureTab: refuse }),
      ),
    });
    await expect(runAsActivity(() => declined.releaseTab(call))).rejects.toMatchObject({
      type: "failed_precondition",
      nonRetryable: false,
    });
  });

  it("returns the captured amount as plain JSON", async () => {
    const { transport } = recordBilling({ minorUnits: 130n, currency: "EUR" });
    const billing = createBillingActivities({ transport });
    const captured = await runAsActivity(() =>
      billing.captureTab({ step: "capture", tripId: "t" }),
    );
    expect(captured).toEqual({ minorUnits: 130, currency: "EUR" });
  });

  it.each([
    [undefined, "the answer has no captured amount"],
    [{ minorUnits: 2n ** 60n, currency: "EUR" }, "captured amount is not a safe integer"],
  ])("rejects an invalid amount: %o", async (captured, reason) => {
    const { transport } = recordBilling(captured);
    const billing = createBillingActivities({ transport });
    const answer = runAsActivity(() => billing.captureTab({ step: "capture", tripId: "t" }));
    await expect(answer).rejects.toThrow(reason);
  });
});

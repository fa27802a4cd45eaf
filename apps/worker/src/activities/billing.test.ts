import { BillingService } from "@fanfare/contracts/billing/v1/billing";
import { describe, expect, it } from "vitest";
import { asActivity, createEar, workflowId } from "../../test/activity.ts";
import { createBillingActivities } from "./billing.ts";

const euros = (minorUnits: number) => ({ minorUnits, currency: "EUR" });

function ear(captured?: { minorUnits: bigint; currency: string }) {
  return createEar((router, hear) =>
    router.service(BillingService, {
      openTab: (request, context) => (hear(request, context), {}),
      voidTab: (request, context) => (hear(request, context), {}),
      charge: (request, context) => (hear(request, context), {}),
      refund: (request, context) => (hear(request, context), {}),
      captureTab: (request, context) => {
        hear(request, context);
        return captured === undefined ? {} : { captured };
      },
    }),
  );
}

describe("createBillingActivities()", () => {
  it("opens, charges, refunds and voids a tab under the keys of the steps", async () => {
    const { transport, heard } = ear();
    const billing = createBillingActivities({ transport });
    await asActivity(() =>
      billing.openTab({
        step: "open-tab",
        tripId: "t",
        riderId: "r",
        paymentMethod: "pm",
        limit: euros(500),
      }),
    );
    await asActivity(() =>
      billing.charge({ step: "charge", tripId: "t", description: "Fee", amount: euros(100) }),
    );
    await asActivity(() => billing.refund({ step: "charge", tripId: "t" }));
    await asActivity(() => billing.voidTab({ step: "open-tab", tripId: "t" }));
    expect(heard).toMatchObject([
      {
        method: "OpenTab",
        key: `${workflowId}/open-tab`,
        request: { riderId: "r", paymentMethod: "pm", limit: { minorUnits: 500n } },
      },
      {
        method: "Charge",
        key: `${workflowId}/charge`,
        request: { description: "Fee", amount: { minorUnits: 100n, currency: "EUR" } },
      },
      { method: "Refund", key: `${workflowId}/charge`, request: { tripId: "t" } },
      { method: "VoidTab", key: `${workflowId}/open-tab`, request: { tripId: "t" } },
    ]);
  });

  it("answers what was captured as plain JSON", async () => {
    const { transport } = ear({ minorUnits: 130n, currency: "EUR" });
    const billing = createBillingActivities({ transport });
    const captured = await asActivity(() => billing.captureTab({ step: "capture", tripId: "t" }));
    expect(captured).toEqual({ minorUnits: 130, currency: "EUR" });
  });

  it.each([
    [undefined, "the answer has no captured amount"],
    [{ minorUnits: 2n ** 60n, currency: "EUR" }, "captured amount is not a safe integer"],
  ])("does not take a wrong answer for an amount: %o", async (captured, reason) => {
    const { transport } = ear(captured);
    const billing = createBillingActivities({ transport });
    const answer = asActivity(() => billing.captureTab({ step: "capture", tripId: "t" }));
    await expect(answer).rejects.toThrow(reason);
  });
});

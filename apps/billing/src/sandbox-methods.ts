import type { GatewayRejection } from "./gateway.ts";

// No reason names a payment method: reasons are stored with trips and logged.

/** The payment methods of the sandbox, and which calls succeed with them. */
const sandboxMethods: Readonly<
  Record<
    string,
    { readonly authorises: boolean; readonly captures: boolean; readonly refunds: boolean }
  >
> = {
  pm_card_visa: { authorises: true, captures: true, refunds: true },
  pm_card_chargeDeclined: { authorises: false, captures: false, refunds: false },
  pm_card_chargeCustomerFail: { authorises: true, captures: false, refunds: false },
  pm_card_refundFail: { authorises: true, captures: true, refunds: false },
};

/** Returns why the payment method cannot be authorised; undefined when it can. */
export function findAuthorisationRejection(paymentMethod: string): GatewayRejection | undefined {
  const method = Object.hasOwn(sandboxMethods, paymentMethod)
    ? sandboxMethods[paymentMethod]
    : undefined;
  if (method === undefined) {
    const known = Object.keys(sandboxMethods).join(", ");
    return {
      outcome: "unknown-method",
      reason: `the gateway has no such payment method: use one of ${known}`,
    };
  }
  return method.authorises
    ? undefined
    : {
        outcome: "declined",
        reason: "the payment method is declined: use another one",
      };
}

/** Returns why an authorised payment method cannot be captured; undefined when it can. */
export function findCaptureRejection(paymentMethod: string): GatewayRejection | undefined {
  return sandboxMethods[paymentMethod]?.captures
    ? undefined
    : {
        outcome: "declined",
        reason: "the capture is declined: ask the rider for another payment",
      };
}

/** Returns why what was captured on a payment method cannot be refunded; undefined when it can. */
export function findRefundRejection(paymentMethod: string): GatewayRejection | undefined {
  return sandboxMethods[paymentMethod]?.refunds
    ? undefined
    : {
        outcome: "declined",
        reason: "the refund is declined: pay the rider in another way",
      };
}

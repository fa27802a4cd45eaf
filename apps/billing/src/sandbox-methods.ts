import type { Refusal } from "./gateway.ts";

/** The payment methods that the sandbox knows, and how each behaves. */
const sandboxMethods: Readonly<
  Record<string, { readonly authorises: boolean; readonly captures: boolean }>
> = {
  pm_card_visa: { authorises: true, captures: true },
  pm_card_chargeDeclined: { authorises: false, captures: false },
  pm_card_chargeCustomerFail: { authorises: true, captures: false },
};

/** refuseAuthorisation is why the payment method cannot be authorised; undefined when it can. */
export function refuseAuthorisation(paymentMethod: string): Refusal | undefined {
  const method = Object.hasOwn(sandboxMethods, paymentMethod)
    ? sandboxMethods[paymentMethod]
    : undefined;
  if (method === undefined) {
    const known = Object.keys(sandboxMethods).join(", ");
    return {
      outcome: "unknown-method",
      reason: `There is no payment method ${paymentMethod}: use one of ${known}`,
    };
  }
  return method.authorises
    ? undefined
    : {
        outcome: "declined",
        reason: `The payment method ${paymentMethod} is declined: use another one`,
      };
}

/** refuseCapture is why nothing can be taken from an authorised method; undefined when it can. */
export function refuseCapture(paymentMethod: string): Refusal | undefined {
  return sandboxMethods[paymentMethod]?.captures
    ? undefined
    : {
        outcome: "declined",
        reason: `The capture on ${paymentMethod} is declined: ask the rider for another payment`,
      };
}

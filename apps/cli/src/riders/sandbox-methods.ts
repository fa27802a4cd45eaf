import { type PaymentMethod, RidersService } from "@fanfare/contracts/riders/v1/riders";
import { type Address, connectTo } from "../trip/trips-client.ts";

/** What riders see of each payment method of the sandbox, by the token of the gateway. */
const labels = {
  pm_card_visa: "Visa …4242",
  pm_card_chargeDeclined: "Visa …0002, declined",
  pm_card_chargeCustomerFail: "Visa …0341, declined when it is captured",
  pm_card_refundFail: "Visa …5126, declined when it is refunded",
} as const;

/** The sandbox's token of a payment method. */
export type SandboxToken = keyof typeof labels;

/** Returns whether a text is a token of the sandbox. */
export function isSandboxToken(text: string): text is SandboxToken {
  return Object.hasOwn(labels, text);
}

/** What riders see of a payment method that was added without a label. */
export const defaultLabel = "Card";

/** Returns whether any rider may have a token or label: it is one of the sandbox, or the default. */
export function isAnyonesCard(text: string): boolean {
  return isSandboxToken(text) || [...Object.values<string>(labels), defaultLabel].includes(text);
}

/** Returns what riders see of a payment method of the sandbox. */
export function getSandboxLabel(token: SandboxToken): string {
  return labels[token];
}

/** Returns the id of the caller's payment method of the sandbox, which is added unless they have it. */
export async function addSandboxMethod(
  address: Address,
  token: SandboxToken,
  signal?: AbortSignal,
): Promise<PaymentMethod["paymentMethodId"]> {
  using riders = connectTo(RidersService, address);
  const request = { gatewayToken: token, label: labels[token] };
  const { paymentMethod } = await riders.client.addPaymentMethod(
    request,
    signal === undefined ? {} : { signal },
  );
  return paymentMethod?.paymentMethodId ?? "";
}

import { type CallOptions, createClient, type Transport } from "@connectrpc/connect";
import { RidersService } from "@fanfare/contracts/riders/v1/riders";

/**
 * Returns the id of the caller's payment method with a token of the sandbox, which is added unless they have it.
 */
export async function addPaymentMethod(
  transport: Transport,
  gatewayToken = "pm_card_visa",
  options?: CallOptions,
): Promise<string> {
  const request = { gatewayToken, label: "Card" };
  const { paymentMethod } = await createClient(RidersService, transport).addPaymentMethod(
    request,
    options,
  );
  return paymentMethod?.paymentMethodId ?? "";
}

import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { RidersService } from "@fanfare/contracts/riders/v1/riders";

/** Finds what the payment gateway calls the payment methods of riders. */
export interface PaymentMethods {
  /**
   * Returns the gateway's token of a rider's payment method; undefined when it is not theirs. A method keeps
   * its token. Rejects with unavailable when there is no answer.
   */
  findToken(riderId: string, paymentMethodId: string): Promise<string | undefined>;
}

/** Creates the payment methods that the riders service keeps. */
export function createPaymentMethods(transport: Transport): PaymentMethods {
  const riders = createClient(RidersService, transport);
  return {
    async findToken(riderId, paymentMethodId) {
      try {
        return (await riders.getGatewayToken({ riderId, paymentMethodId })).gatewayToken;
      } catch (cause) {
        const { code, rawMessage } = ConnectError.from(cause);
        if (code === Code.NotFound) return undefined;
        throw new ConnectError(
          `riders did not answer (${rawMessage}): call again with the same idempotency-key`,
          Code.Unavailable,
          undefined,
          undefined,
          cause,
        );
      }
    },
  };
}

import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { RidersService } from "@fanfare/contracts/riders/v1/riders";
import { catchRefusal } from "@fanfare/test-fixtures";
import { describe, expect, it } from "vitest";
import { createPaymentMethods } from "./payment-methods.ts";

function answer(getGatewayToken: () => { gatewayToken: string }) {
  return createPaymentMethods(
    createRouterTransport(({ service }) => service(RidersService, { getGatewayToken })),
  );
}

describe("createPaymentMethods()", () => {
  it("returns the token of a rider's payment method", async () => {
    const methods = answer(() => ({ gatewayToken: "pm_card_visa" }));
    expect(await methods.findToken("rosa", "method-1")).toBe("pm_card_visa");
  });

  it("returns undefined for a payment method that is not the rider's", async () => {
    const methods = answer(() => {
      throw new ConnectError("no such method", Code.NotFound);
    });
    expect(await methods.findToken("rosa", "method-1")).toBeUndefined();
  });

  it.each([Code.Unavailable, Code.DeadlineExceeded, Code.Internal, Code.PermissionDenied])(
    "is unavailable when riders answers with code %i",
    async (code) => {
      const methods = answer(() => {
        throw new ConnectError("away", code);
      });
      const error = await catchRefusal(methods.findToken("rosa", "method-1"));
      expect(error.code).toBe(Code.Unavailable);
      expect(error.rawMessage).toContain("call again with the same idempotency-key");
    },
  );
});

import { describe, expect, it } from "vitest";
import {
  findAuthorisationRejection,
  findCaptureRejection,
  findRefundRejection,
} from "./sandbox-methods.ts";

describe("the sandbox's payment methods", () => {
  it.each([
    ["pm_card_visa", undefined, undefined, undefined],
    ["pm_card_chargeDeclined", "declined", "declined", "declined"],
    ["pm_card_chargeCustomerFail", undefined, "declined", "declined"],
    ["pm_card_refundFail", undefined, undefined, "declined"],
    ["pm_unheard_of", "unknown-method", "declined", "declined"],
    ["constructor", "unknown-method", "declined", "declined"],
  ])("%s behaves as its name says", (method, authorisation, capture, refund) => {
    expect(findAuthorisationRejection(method)?.outcome).toBe(authorisation);
    expect(findCaptureRejection(method)?.outcome).toBe(capture);
    expect(findRefundRejection(method)?.outcome).toBe(refund);
  });
});

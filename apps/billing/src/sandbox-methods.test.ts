import { describe, expect, it } from "vitest";
import { findAuthorisationRejection, findCaptureRejection } from "./sandbox-methods.ts";

describe("the sandbox's payment methods", () => {
  it.each([
    { method: "pm_card_visa", authorisation: undefined, capture: undefined },
    { method: "pm_card_chargeDeclined", authorisation: "declined", capture: "declined" },
    { method: "pm_card_chargeCustomerFail", authorisation: undefined, capture: "declined" },
    { method: "pm_unheard_of", authorisation: "unknown-method", capture: "declined" },
    { method: "constructor", authorisation: "unknown-method", capture: "declined" },
  ])("$method behaves as its name says", ({ method, authorisation, capture }) => {
    expect(findAuthorisationRejection(method)?.outcome).toBe(authorisation);
    expect(findCaptureRejection(method)?.outcome).toBe(capture);
  });
});

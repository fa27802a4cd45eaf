import { create } from "@bufbuild/protobuf";
import { Broadcast_State, TripSchema, TripStepSchema } from "@fanfare/contracts/trips/v1/trips";
import { describe, expect, it } from "vitest";
import { hideInternals, showStepToRider, showTripToRider } from "./show-to-rider.ts";

describe("hideInternals()", () => {
  it.each([
    ["connect ECONNREFUSED 10.0.3.7:8083", "connect ECONNREFUSED a service"],
    ["connect ECONNREFUSED [fd00::1]:8083", "connect ECONNREFUSED a service"],

    ["getaddrinfo ENOTFOUND billing", "getaddrinfo a service"],
    ["billing:8083 does not answer", "a service does not answer"],
    ["http://billing.prod.svc:8083/x answers 502", "a service answers 502"],
    ["nats-0.nats.internal is away", "a service is away"],
    [
      "billing.v1.BillingService/Charge requires the role service: the token has the role rider",
      "a service refused the step",
    ],
    ["the card was declined: try another one", "the card was declined: try another one"],
    ["vehicle-7 is in use", "vehicle-7 is in use"],
    ["the tab was void", "the tab was void"],
  ])("shows %j as %j", (text, shown) => {
    expect(hideInternals(text)).toBe(shown);
  });
});

it("hides in every text of a trip what is not the rider's", () => {
  const text = "connect ECONNREFUSED billing:8083";
  const trip = create(TripSchema, {
    reason: text,
    decision: "olga retried capture",
    broadcast: { state: Broadcast_State.DELAYED, error: text },
  });
  expect(showTripToRider(trip)).toMatchObject({
    reason: "connect ECONNREFUSED a service",
    decision: "",
    broadcast: { error: "connect ECONNREFUSED a service" },
  });
  const step = create(TripStepSchema, { name: "charge-fare", lastError: text });
  expect(showStepToRider(step).lastError).toBe("connect ECONNREFUSED a service");
});

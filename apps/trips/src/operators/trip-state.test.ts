import { expect, it } from "vitest";
import { createTripRow } from "../../test/trip-rows.ts";
import { toTripState } from "./trip-state.ts";

const read = (fields: Parameters<typeof createTripRow>[0]) =>
  toTripState(createTripRow({ status: "COMPENSATING", cancelled_by: "RIDER", ...fields })).state;

it("keeps the words of a rider out of the operator log, from which no erasure removes them", () => {
  const rosas = { reason: "I am Rosa", compensation_reason: "I am Rosa" };
  expect(read(rosas)).toMatchObject({ value: { reason: "" } });
  expect(read({ ...rosas, cancelled_by: "OPERATOR" })).toMatchObject({
    value: { reason: "I am Rosa" },
  });
  expect(read({ ...rosas, reason: "void-tab: the gateway is down" })).toMatchObject({
    value: { reason: "void-tab: the gateway is down" },
  });
});

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Broadcast_State, OperatorTripSchema } from "@fanfare/contracts/trips/v1/operator_trip";
import { TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { describe, expect, it } from "vitest";
import { formatWatched } from "./trip-text.ts";

const terminal = { line: () => {}, colour: (_: string, text: string) => text };

function watch(fields: MessageInitShape<typeof OperatorTripSchema>): string {
  return formatWatched(create(OperatorTripSchema, { version: 7n, ...fields }), terminal);
}

describe("formatWatched()", () => {
  it.each(Object.entries(TripStatus))("prints the status %s as it is", (name, status) => {
    expect(watch({ status })).toBe(`version 7  ${name}`);
  });

  it.each([
    ["UNSPECIFIED", "version 7  SETTLED"],
    ["DELAYED", "version 7  SETTLED  broadcast delayed: no broker"],
    ["PUBLISHED", "version 7  SETTLED  broadcast published"],
  ] as const)("prints the broadcast %s as it is", (name, line) => {
    const broadcast = { state: Broadcast_State[name], error: "no broker" };
    expect(watch({ status: TripStatus.SETTLED, broadcast })).toBe(line);
  });

  it("knows every state of a broadcast", () => {
    expect(Object.keys(Broadcast_State)).toEqual(["UNSPECIFIED", "DELAYED", "PUBLISHED"]);
  });

  it("prints what is requested, delayed or parked", () => {
    const at = timestampFromDate(new Date(0));
    const active = { status: TripStatus.ACTIVE } as const;
    expect(watch({ ...active, endRequestedAt: at })).toBe("version 7  ACTIVE  end requested");
    expect(watch({ status: TripStatus.ENDED, endRequestedAt: at, endedAt: at })).toBe(
      "version 7  ENDED",
    );
    expect(watch({ ...active, cancelRequestedAt: at })).toBe(
      "version 7  ACTIVE  cancellation requested",
    );
    expect(watch({ status: TripStatus.ENDED, delayedStep: "capture" })).toBe(
      "version 7  ENDED  capture is delayed",
    );
    expect(watch({ status: TripStatus.NEEDS_ATTENTION, reason: "capture: declined" })).toBe(
      "version 7  NEEDS_ATTENTION  capture: declined",
    );
  });
});

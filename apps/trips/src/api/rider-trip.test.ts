import {
  create,
  type DescMessage,
  fromJson,
  type JsonObject,
  ScalarType,
  toJsonString,
} from "@bufbuild/protobuf";
import { OperatorTripSchema } from "@fanfare/contracts/trips/v1/operator_trip";
import { CancellationCause, TripSchema, TripStatus } from "@fanfare/contracts/trips/v1/trips";
import { describe, expect, it } from "vitest";
import { toRiderTrip } from "./rider-trip.ts";

/** The texts of OperatorTrip that its rider chose, or may know. */
const shared = ["trip_id", "rider_id", "vehicle_id", "payment_method", "tariff.id"];

/** Returns the JSON of a message in which every text, also of the messages in it, is its path. */
function fillTexts(schema: DescMessage, path = ""): JsonObject {
  const filled: JsonObject = {};
  for (const field of schema.fields) {
    const name = `${path}${field.name}`;
    if (field.fieldKind === "message" && !field.message.typeName.startsWith("google.protobuf.")) {
      filled[field.jsonName] = fillTexts(field.message, `${name}.`);
    }
    if (field.fieldKind === "scalar" && field.scalar === ScalarType.STRING) {
      filled[field.jsonName] = `<${name}>`;
    }
  }
  return filled;
}

const filled = fromJson(OperatorTripSchema, fillTexts(OperatorTripSchema));
const markers = (text: string) => [...text.matchAll(/<([a-z_.]+)>/g)].map(([, path]) => path);

function explain(status: TripStatus, cancellationCause?: CancellationCause): string {
  const cause = cancellationCause && { cancellationCause };
  return toRiderTrip(create(OperatorTripSchema, { status, ...cause })).reason;
}

describe("toRiderTrip()", () => {
  const statuses = Object.values(TripStatus).filter((status) => typeof status === "number");
  const causes = Object.values(CancellationCause).filter((cause) => typeof cause === "number");

  it("shows no text that a service, a step or an operator wrote, in any status", () => {
    const all = markers(toJsonString(OperatorTripSchema, filled));
    expect(all).toEqual(expect.arrayContaining(["reason", "decision", "delayed_step"]));
    expect(all).toContain("broadcast.error");
    for (const status of statuses) {
      for (const cancellationCause of causes) {
        const trip = create(OperatorTripSchema, { ...filled, status, cancellationCause });
        const shown = toRiderTrip(trip);
        const texts = markers(toJsonString(TripSchema, shown)).filter(
          (path) => !path?.endsWith("currency"),
        );
        expect(new Set(texts)).toEqual(new Set(shared));
      }
    }
  });

  it("gives the reason as a sentence to whoever rides a trip that was compensated or is parked", () => {
    const declined = "the payment method was declined or is not yours: use another one";
    expect(explain(TripStatus.ACTIVE)).toBe("");
    expect(explain(TripStatus.SETTLED)).toBe("");
    expect(explain(TripStatus.CANCELLED, CancellationCause.PAYMENT_DECLINED)).toBe(declined);
    expect(explain(TripStatus.NEEDS_ATTENTION)).toBe("an operator attends to the trip");
    expect(explain(TripStatus.NEEDS_ATTENTION, CancellationCause.PAYMENT_DECLINED)).toBe(
      `${declined}; an operator attends to the trip`,
    );
    for (const cause of causes) expect(explain(TripStatus.CANCELLED, cause)).not.toBe("");
  });
});

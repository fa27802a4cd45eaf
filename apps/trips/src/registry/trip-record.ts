import { create } from "@bufbuild/protobuf";
import {
  type GetTripRecordResponse,
  GetTripRecordResponseSchema,
} from "@fanfare/contracts/trips/v1/trip_registry";
import type { TripRow } from "./tables.ts";
import { toOperatorTrip } from "./trip-message.ts";
import { isCompensating } from "./trip-phase.ts";

/** Converts a row of the registry to the message from which the saga continues after a reset. */
export function toTripRecord(row: TripRow): GetTripRecordResponse {
  const latest = [row.compensation_version, row.delay_version].map(BigInt);
  return create(GetTripRecordResponseSchema, {
    trip: toOperatorTrip(row),
    latestVersion: latest.reduce((one, other) => (one > other ? one : other)),
    resolvedSteps: row.resolved_steps,
    ...toCompensation(row),
  });
}

function toCompensation(row: TripRow) {
  if (!isCompensating(row)) return {};
  const { refusal_code: code } = row;
  const reason = row.compensation_reason ?? row.reason ?? "";
  const refusal = code !== null && {
    code,
    message: row.refusal_message ?? "",
    step: row.refusal_step ?? "",
  };
  return { compensation: { reason, ...(refusal ? { refusal } : {}) } };
}

import { create } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Erasure, ErasureSchema } from "@fanfare/contracts/riders/v1/riders";
import type { ErasureRecord } from "./erasure-store.ts";

const keptByRiders = [
  "the id of the rider, with when, by whom and why they were erased, so that they are not created again",
];

/** Converts an erasure to the message that the API returns. Riders itself is the first of the apps. */
export function toErasure({ erasure, apps }: ErasureRecord): Erasure {
  const begunAt = toTimestamp(erasure.begun_at);
  return create(ErasureSchema, {
    riderId: erasure.rider_id,
    requestedAt: timestampFromDate(erasure.requested_at),
    begunAt,
    completedAt: toTimestamp(erasure.completed_at),
    refusal: erasure.refusal ?? "",
    apps: [
      { app: "riders", confirmedAt: begunAt, kept: keptByRiders },
      ...apps.map((row) => ({
        app: row.app,
        confirmedAt: toTimestamp(row.confirmed_at),
        kept: row.kept,
        lastError: row.last_error,
      })),
    ],
  });
}

function toTimestamp(date: Date | null): Timestamp | undefined {
  return date === null ? undefined : timestampFromDate(date);
}

import { fromJsonString } from "@bufbuild/protobuf";
import { TripCompletedSchema } from "@fanfare/contracts/trips/v1/trip_events";
import type { Transaction } from "kysely";
import { readTrip } from "./read-events.ts";
import type { ReceiptContent } from "./receipt/write-receipt.ts";
import type { DraftRow, NotificationsDatabase } from "./tables.ts";

/** Returns what the receipt of a draft is about. */
export async function findContent(
  _tx: Transaction<NotificationsDatabase>,
  draft: Pick<DraftRow, "trip_id" | "event">,
): Promise<ReceiptContent> {
  const trip = fromJsonString(TripCompletedSchema, draft.event, { ignoreUnknownFields: true });
  return { tripId: draft.trip_id, charged: readTrip(trip), refunds: [] };
}

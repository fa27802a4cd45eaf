import { createLogger } from "@fanfare/service";
import { expect, it } from "vitest";
import { tripRows } from "../../test/trip-rows.ts";
import type { TripRow } from "../registry/tables.ts";
import type { Reply } from "../temporal/trip-workflows.ts";
import { deliverStopRequests } from "./deliver-stop-requests.ts";

const never = new AbortController().signal;
const logger = createLogger({ name: "stop-requests-test", level: "silent" });
const requestedAt = new Date("2026-05-01T10:03:00.000Z");
const ending: TripRow = { ...tripRows.active, stop_kind: "END", stop_requested_at: requestedAt };
const cancelling: TripRow = {
  ...tripRows.active,
  trip_id: "11111111-7a25-4b6e-9a2f-3b8f2c7d9e10",
  stop_kind: "CANCEL",
  stop_requested_at: requestedAt,
  stop_reason: "rain",
  stop_operator: "otto",
};

it("delivers each request with what was recorded, and a workflow that does not answer delays no other", async () => {
  const sent: unknown[] = [];
  const waiting = Promise.withResolvers<Reply<never>>();
  const delivering = deliverStopRequests(
    never,
    {
      registry: { claimStopping: async (limit) => [ending, cancelling].slice(0, limit) },
      workflows: {
        end: async (tripId, argument) => (sent.push([tripId, argument]), waiting.promise),
        cancel: async (tripId, argument) => {
          sent.push([tripId, argument]);
          waiting.resolve({ kind: "timed-out" });
          return { kind: "answered", outcome: { status: "CANCELLED", reason: "rain" } };
        },
      },
      logger,
    },
    { batchSize: 10 },
  );
  await delivering;
  expect(sent).toEqual([
    [ending.trip_id, { requestedAt: requestedAt.toISOString() }],
    [cancelling.trip_id, { reason: "rain", operator: "otto" }],
  ]);
});

import type { TripRow } from "../src/registry/tables.ts";

/** aTrip is a trip that was requested and no more, but for what a test says about it. */
export function aTrip(different: Partial<TripRow> = {}): TripRow {
  return {
    trip_id: "0e1f5cb4-7a25-4b6e-9a2f-3b8f2c7d9e10",
    rider_id: "rosa",
    vehicle_id: "vehicle-1",
    payment_method: "pm_card_visa",
    request_hash: "hash",
    status: "REQUESTED",
    version: "1",
    compensation_version: "0",
    delay_version: "0",
    requested_at: new Date("2026-05-01T10:00:00.000Z"),
    started_at: null,
    ended_at: null,
    fare: null,
    settled: null,
    currency: null,
    reason: null,
    refusal_code: null,
    refusal_message: null,
    delayed_step: null,
    decision: null,
    broadcast: null,
    broadcast_error: null,
    published_at: null,
    sweep_at: new Date("2026-05-01T10:00:10.000Z"),
    ...different,
  };
}

const startedAt = new Date("2026-05-01T10:00:05.000Z");
const endedAt = new Date("2026-05-01T10:10:00.000Z");
const ended = { started_at: startedAt, ended_at: endedAt, fare: "300", currency: "EUR" } as const;

/** trips in each status, as a life without trouble and one with it leave them. */
export const trips = {
  requested: aTrip(),
  pending: aTrip({ status: "PENDING", version: "2" }),
  active: aTrip({ status: "ACTIVE", version: "3", started_at: startedAt }),
  ended: aTrip({ status: "ENDED", version: "4", ...ended }),
  settled: aTrip({ status: "SETTLED", version: "5", ...ended, settled: "400" }),
  compensating: aTrip({
    status: "COMPENSATING",
    version: "3",
    compensation_version: "4",
    reason: "no",
  }),
  cancelled: aTrip({ status: "CANCELLED", version: "4", compensation_version: "4", reason: "no" }),
  compensationParked: aTrip({
    status: "NEEDS_ATTENTION",
    version: "4",
    compensation_version: "5",
    reason: "tab",
  }),
  captureParked: aTrip({
    status: "NEEDS_ATTENTION",
    version: "5",
    compensation_version: "6",
    ...ended,
  }),
} as const;

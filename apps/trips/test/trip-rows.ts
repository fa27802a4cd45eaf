import type { TripRow } from "../src/registry/tables.ts";

/** Creates the row of a REQUESTED trip. `fields` replaces single columns. */
export function createTripRow(fields: Partial<TripRow> = {}): TripRow {
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
    refunded: null,
    currency: null,
    reason: null,
    refusal_code: null,
    refusal_message: null,
    refusal_step: null,
    compensation_reason: null,
    resolved_steps: [],
    delayed_step: null,
    decision: null,
    vehicle_released: false,
    stop_kind: null,
    stop_requested_at: null,
    stop_reason: null,
    stop_operator: null,
    cancelled_by: null,
    stop_deliver_at: null,
    stop_deliveries: 0,
    broadcast: null,
    broadcast_error: null,
    published_at: null,
    reconcile_at: new Date("2026-05-01T10:00:10.000Z"),
    tariff: null,
    grace_ended_at: null,
    occupies_rider: true,
    ...fields,
  };
}

const startedAt = new Date("2026-05-01T10:00:05.000Z");
const endedAt = new Date("2026-05-01T10:10:00.000Z");
/** The time of the database in tests without one. */
export const now = new Date("2026-05-01T10:30:00.000Z");

const ended = { started_at: startedAt, ended_at: endedAt, fare: "300", currency: "EUR" } as const;

/** Trips whose compensation a process of an older version recorded, without its reason. */
export const olderRows = {
  compensating: createTripRow({ status: "COMPENSATING", version: "3", reason: "no" }),
  cancelled: createTripRow({ status: "CANCELLED", version: "4", reason: "no" }),
} as const;

/** A trip in each state that a trip can reach, with and without failures. */
export const tripRows = {
  requested: createTripRow(),
  pending: createTripRow({ status: "PENDING", version: "2" }),
  active: createTripRow({ status: "ACTIVE", version: "3", started_at: startedAt }),
  graceOver: createTripRow({
    status: "ACTIVE",
    version: "4",
    started_at: startedAt,
    grace_ended_at: new Date("2026-05-01T10:02:05.000Z"),
  }),
  endRequested: createTripRow({
    status: "ACTIVE",
    version: "4",
    started_at: startedAt,
    stop_kind: "END",
    stop_requested_at: endedAt,
  }),
  cancelRequested: createTripRow({
    status: "ACTIVE",
    version: "4",
    started_at: startedAt,
    stop_kind: "CANCEL",
    stop_requested_at: endedAt,
    stop_reason: "rain",
  }),
  ended: createTripRow({ status: "ENDED", version: "4", ...ended }),
  settled: createTripRow({ status: "SETTLED", version: "5", ...ended, settled: "400" }),
  compensating: createTripRow({
    status: "COMPENSATING",
    version: "3",
    compensation_version: "4",
    reason: "no",
    compensation_reason: "no",
  }),
  cancelled: createTripRow({
    status: "CANCELLED",
    version: "4",
    compensation_version: "4",
    reason: "no",
    compensation_reason: "no",
  }),
  compensationParked: createTripRow({
    status: "NEEDS_ATTENTION",
    version: "4",
    compensation_version: "5",
    started_at: startedAt,
    reason: "open-tab: no",
    compensation_reason: "no",
  }),
  endParked: createTripRow({
    status: "NEEDS_ATTENTION",
    version: "5",
    compensation_version: "5",
    started_at: startedAt,
    stop_kind: "END",
    stop_requested_at: endedAt,
    reason: "complete-drive: no",
  }),
  captureParked: createTripRow({
    status: "NEEDS_ATTENTION",
    version: "5",
    compensation_version: "6",
    reason: "capture: no",
    ...ended,
  }),
} as const;

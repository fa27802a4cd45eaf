import { Code, ConnectError } from "@connectrpc/connect";
import type { Money } from "@fanfare/contracts/money/v1/money";
import { type Kysely, sql, type Transaction } from "kysely";
import {
  appendEntry,
  createEntryIdTakenError,
  findEntry,
  type NewLogEntry,
} from "../operators/operator-log.ts";
import { toTripState } from "../operators/trip-state.ts";
import { lockTrip, updateTrip } from "../registry/lock-trip.ts";
import type { RefundRow, TripRow, TripsDatabase } from "../registry/tables.ts";
import { afterNow } from "../registry/trip-changes.ts";
import { formatAmount } from "./format-amount.ts";
import { planRefund } from "./plan-refund.ts";
import { createRefundId } from "./refund-id.ts";

/** A refund that an operator decided. */
export interface RefundRequest {
  /** The id of its entry in the operator log, from which the id of the refund follows. */
  readonly entryId: string;
  readonly tripId: string;
  /** Absent: everything that is left. */
  readonly amount: Money | undefined;
  readonly operator: string;
  readonly reason: string;
}

/** What became of a refund. */
export interface RefundRecord {
  readonly state: Exclude<RefundRow["state"], "REQUESTED">;
  /** Why it was refused. */
  readonly refusal: string;
}

/** A refund and its trip. */
export interface RefundedTrip {
  readonly trip: TripRow;
  readonly refund: RefundRow;
}

/** The refunds of settled trips. */
export interface TripRefunds {
  /**
   * Stores a refund and its entry of the operator log, or returns the one that has this id. Throws what
   * `planRefund` throws, already_exists when the id belongs to another decision, and resource_exhausted when the trip
   * has 1000 refunds.
   */
  request(request: RefundRequest): Promise<RefundedTrip>;
  /**
   * Records what became of a refund. Changes nothing when it is past that. Throws failed_precondition for a
   * record that contradicts an earlier one.
   */
  record(tripId: string, refundId: string, record: RefundRecord): Promise<RefundedTrip>;
  /** Returns the refunds of a trip, the oldest first, 1000 at most. */
  list(tripId: string): Promise<RefundRow[]>;
  /**
   * Claims up to `limit` refunds that are due and not final. Each claim doubles the time until the next one,
   * from 2 s to 64 s.
   */
  claim(limit: number): Promise<RefundRow[]>;
}

/** The time in milliseconds after which the reconciler starts a workflow that RefundTrip did not. */
const deliverAfterMs = 2_000;

/** The most refunds of a trip: so many are listed, and are on its receipts. */
const maxRefunds = 1_000;

/** Creates the refunds over the database of the registry. */
export function createTripRefunds(db: Kysely<TripsDatabase>): TripRefunds {
  return {
    request: (request) => db.transaction().execute((tx) => insertOrFind(tx, request)),

    async record(tripId, refundId, record) {
      return await db.transaction().execute(async (tx) => {
        const { now, ...trip } = await lockTrip(tx, tripId);
        const refund = await findRefund(tx, refundId);
        if (refund?.trip_id !== trip.trip_id) {
          throw new ConnectError(`trip ${tripId} has no refund ${refundId}`, Code.NotFound);
        }
        if (isPast(refund, record)) return { trip, refund };
        const { state, refusal } = record;
        if (state !== "REFUNDED") {
          const patch = state === "REFUSED" ? { state, refusal } : { state };
          return { trip, refund: await updateRefund(tx, refundId, patch) };
        }
        const total = BigInt(trip.refunded ?? 0) + BigInt(refund.minor_units);
        const patch = { state, refunded_at: now, total_refunded: total };
        const version = BigInt(trip.version) + 1n;
        return {
          refund: await updateRefund(tx, refundId, patch),
          trip: await updateTrip(tx, tripId, { refunded: total, version }),
        };
      });
    },

    async list(tripId) {
      return await db
        .selectFrom("trip_refunds")
        .selectAll()
        .where("trip_id", "=", tripId)
        .orderBy("requested_at")
        .orderBy("refund_id")
        .limit(maxRefunds)
        .execute();
    },

    async claim(limit) {
      const { rows } = await sql<RefundRow>`
        with due as materialized (
          select refund_id from trip_refunds
          where state in ('REQUESTED', 'REFUNDED') and deliver_at <= now()
          order by deliver_at limit ${limit} for update skip locked
        )
        update trip_refunds refund
        set deliver_at = now() + 2 ^ least(deliveries + 1, 6) * interval '1 second',
          deliveries = deliveries + 1
        from due where refund.refund_id = due.refund_id
        returning refund.*`.execute(db);
      return rows;
    },
  };
}

async function insertOrFind(
  tx: Transaction<TripsDatabase>,
  { entryId, tripId, amount: asked, operator, reason }: RefundRequest,
): Promise<RefundedTrip> {
  const { now: _now, ...trip } = await lockTrip(tx, tripId);
  const refundId = createRefundId(entryId);
  const key = { entryId, operator, action: "REFUND_TRIP", subject: trip.trip_id, reason };
  const entry = await findEntry(tx, { ...key, action: "REFUND_TRIP" });
  const known = entry && (await findRefund(tx, refundId));
  if (known !== undefined) {
    const isSame =
      asked === undefined ||
      (String(asked.minorUnits) === known.minor_units && asked.currency === known.currency);
    if (!isSame) throw createEntryIdTakenError(entryId);
    return { trip, refund: known };
  }
  const { count, reserved } = await sumRefunds(tx, trip.trip_id);
  const amount = planRefund(trip, reserved, asked);
  if (count >= maxRefunds) {
    throw new ConnectError(
      `trip ${trip.trip_id} has ${maxRefunds} refunds, refused ones included, and gets no more: return the money in another way`,
      Code.ResourceExhausted,
    );
  }
  const details = formatAmount(amount);
  const decided = await updateTrip(tx, trip.trip_id, {
    decision: `${operator} refunded ${details}: ${reason}`,
    version: BigInt(trip.version) + 1n,
  });
  const decision: NewLogEntry = { ...key, action: "REFUND_TRIP", details };
  const states = { before: toTripState(trip), after: toTripState(decided) };
  await appendEntry(tx, { ...decision, ...states });
  const refund = await tx
    .insertInto("trip_refunds")
    .values({
      refund_id: refundId,
      trip_id: trip.trip_id,
      minor_units: amount.minorUnits,
      currency: amount.currency,
      state: "REQUESTED",
      deliver_at: afterNow(deliverAfterMs),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return { trip: decided, refund };
}

/** Returns the number of refunds, and the sum of those that were made or are being made. */
async function sumRefunds(tx: Transaction<TripsDatabase>, tripId: string) {
  const { count, reserved } = await tx
    .selectFrom("trip_refunds")
    .select([
      sql<number>`count(*)::int`.as("count"),
      sql<string>`coalesce(sum(minor_units) filter (where state <> 'REFUSED'), 0)::bigint`.as(
        "reserved",
      ),
    ])
    .where("trip_id", "=", tripId)
    .executeTakeFirstOrThrow();
  return { count, reserved: BigInt(reserved) };
}

function findRefund(
  tx: Transaction<TripsDatabase>,
  refundId: string,
): Promise<RefundRow | undefined> {
  return tx
    .selectFrom("trip_refunds")
    .selectAll()
    .where("refund_id", "=", refundId)
    .executeTakeFirst();
}

function updateRefund(
  tx: Transaction<TripsDatabase>,
  refundId: string,
  patch: Partial<{
    state: RefundRow["state"];
    refusal: string;
    refunded_at: Date;
    total_refunded: bigint;
  }>,
): Promise<RefundRow> {
  return tx
    .updateTable("trip_refunds")
    .set(patch)
    .where("refund_id", "=", refundId)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Returns whether a record changes nothing. Throws when it contradicts an earlier one. */
function isPast({ refund_id, state: now }: RefundRow, { state: next }: RefundRecord): boolean {
  if (now === next || (now === "PUBLISHED" && next === "REFUNDED")) return true;
  const follows =
    now === "REQUESTED" ? next !== "PUBLISHED" : now === "REFUNDED" && next === "PUBLISHED";
  if (follows) return false;
  throw new ConnectError(
    `refund ${refund_id} is ${now}: it cannot become ${next}`,
    Code.FailedPrecondition,
  );
}

import { Code, ConnectError } from "@connectrpc/connect";
import { steps } from "@fanfare/trip-contract";
import { fareOfDrive } from "./fare.ts";
import type { TripPatch, TripRow } from "./tables.ts";

/**
 * Change is one step in the life of a trip: what is different afterwards, nothing when the trip is
 * past it. It throws failed_precondition where the trip cannot go that way.
 *
 * Changes may arrive twice, late, and in another order than the saga made them, as it records delays
 * and parked steps beside its other steps. Where the trip itself does not tell whether a change is
 * past, the version that the saga gave to it does.
 */
export type Change = (trip: TripRow) => TripPatch | undefined;

/** accept: the saga has begun. Refused once the trip is being compensated. */
export function accept(): Change {
  return (trip) => {
    if (isCompensating(trip)) throw cannotBecome(trip, "PENDING");
    return trip.status === "REQUESTED" ? { status: "PENDING" } : undefined;
  };
}

/** activate: everything is held, the drive begins. */
export function activate(startedAt: Date): Change {
  return (trip) => {
    if (isCompensating(trip)) throw cannotBecome(trip, "ACTIVE");
    if (trip.started_at !== null) return undefined;
    if (trip.status !== "PENDING") throw cannotBecome(trip, "ACTIVE");
    return { status: "ACTIVE", started_at: startedAt };
  };
}

/** completeDrive fixes the end of the drive and its fare, for good. */
export function completeDrive(endedAt: Date): Change {
  return (trip) => {
    if (trip.ended_at !== null) return undefined;
    const startedAt = trip.started_at;
    if (startedAt === null || isCompensating(trip)) throw cannotBecome(trip, "ENDED");
    const fare = fareOfDrive({ startedAt, endedAt });
    return {
      status: "ENDED",
      ended_at: endedAt < startedAt ? startedAt : endedAt,
      fare: fare.minorUnits,
      currency: fare.currency,
    };
  };
}

/**
 * settle: the rider has paid `settled`, unlock fee and fare. That is no word on a vehicle whose release
 * waits for an operator beside it.
 */
export function settle(settled: { minorUnits: bigint; currency: string }): Change {
  return (trip) => {
    if (trip.status === "SETTLED") return undefined;
    if (trip.ended_at === null) throw cannotBecome(trip, "SETTLED");
    if (trip.currency !== settled.currency) {
      throw cannotBecome(trip, `SETTLED in ${settled.currency}: its fare is in ${trip.currency}`);
    }
    const stays = trip.reason?.startsWith(`${steps.releaseVehicle}: `) === true;
    return {
      status: "SETTLED",
      settled: settled.minorUnits,
      ...(stays ? {} : { reason: null }),
    };
  };
}

/** compensate: what was done is being compensated. */
export function compensate({ version, reason }: { version: bigint; reason: string }): Change {
  return (trip) => {
    if (trip.status === "CANCELLED" || version <= BigInt(trip.compensation_version))
      return undefined;
    if (trip.ended_at !== null) throw cannotBecome(trip, "COMPENSATING");
    return { status: "COMPENSATING", reason, compensation_version: version };
  };
}

/**
 * park: `step` waits for an operator. A trip that is settled stays so, with the reason: what waits
 * is the vehicle, beside it.
 */
export function park(parked: { version: bigint; step: string; reason: string }): Change {
  return (trip) => {
    if (trip.status === "CANCELLED" || parked.version <= BigInt(trip.compensation_version))
      return undefined;
    return {
      status: trip.status === "SETTLED" ? "SETTLED" : "NEEDS_ATTENTION",
      reason: `${parked.step}: ${parked.reason}`,
      compensation_version: parked.version,
    };
  };
}

/** resume: what was parked from the end of the drive on is taken up again. */
export function resume({ version }: { version: bigint }): Change {
  return (trip) => {
    if (version <= BigInt(trip.compensation_version)) return undefined;
    if (trip.started_at === null || isCompensating(trip)) throw cannotBecome(trip, "ENDED again");
    const past = { reason: null, compensation_version: version };
    if (trip.status !== "NEEDS_ATTENTION") return past;
    return { ...past, status: trip.ended_at === null ? "ACTIVE" : "ENDED" };
  };
}

/** decide: an operator decided on what was parked. The saga's own records say what came of it. */
export function decide(decision: string): Change {
  return () => ({ decision });
}

/** Refusal is the business answer of no that StartTrip gives from now on. */
export interface Refusal {
  /** A Connect code by its name, such as failed_precondition. */
  readonly code: string;
  readonly message: string;
}

/** cancel: everything is compensated, for good. Without a refusal somebody wanted it so. */
export function cancel(reason: string, refusal?: Refusal): Change {
  return (trip) => {
    if (trip.status === "CANCELLED") return undefined;
    if (trip.ended_at !== null) throw cannotBecome(trip, "CANCELLED");
    return {
      status: "CANCELLED",
      reason,
      refusal_code: refusal?.code ?? null,
      refusal_message: refusal?.message ?? null,
    };
  };
}

/**
 * withdraw cancels a trip that no saga has taken up: one that begins later is refused at its first
 * step. It changes nothing about any other trip.
 */
export function withdraw(reason: string): Change {
  return (trip) => (trip.status === "REQUESTED" ? cancel(reason)(trip) : undefined);
}

/** delay: `step` takes long; the empty string when none does any more. */
export function delay({ version, step }: { version: bigint; step: string }): Change {
  return (trip) => {
    if (version <= BigInt(trip.delay_version)) return undefined;
    return { delayed_step: step === "" ? null : step, delay_version: version };
  };
}

/** BroadcastState is what became of the trip's TripCompleted. */
export type BroadcastState =
  | { readonly state: "DELAYED"; readonly error: string }
  | { readonly state: "PUBLISHED"; readonly publishedAt: Date };

/** broadcast: what the world hears of a settled trip. Once published it stays so. */
export function broadcast(to: BroadcastState): Change {
  return (trip) => {
    if (trip.broadcast === "PUBLISHED") return undefined;
    if (trip.status !== "SETTLED") throw cannotBecome(trip, "broadcast: it is not SETTLED");
    return to.state === "PUBLISHED"
      ? { broadcast: to.state, broadcast_error: null, published_at: to.publishedAt }
      : { broadcast: to.state, broadcast_error: to.error };
  };
}

function isCompensating({ status }: TripRow): boolean {
  return status === "COMPENSATING" || status === "CANCELLED";
}

function cannotBecome(trip: TripRow, wanted: string): ConnectError {
  const ended = trip.ended_at === null ? "" : " and its drive has ended";
  return new ConnectError(
    `trip ${trip.trip_id} is ${trip.status}${ended}: it cannot become ${wanted}`,
    Code.FailedPrecondition,
  );
}

import { Code, ConnectError } from "@connectrpc/connect";
import type { Refusal } from "@fanfare/contracts/trips/v1/trip_registry";
import { steps } from "@fanfare/trip-contract";
import { calculateDriveFare, getTariff, limitDriveEnd } from "./fare.ts";
import type { TripPatch, TripRow } from "./tables.ts";
import { isCompensating, isParkedAt } from "./trip-phase.ts";

/**
 * One transition of a trip: returns what it changes, or undefined when the trip is past it. Throws
 * failed_precondition when the trip cannot make the transition. `now` is the time of the database, which
 * stamps the start of the drive and the request to end it, so that the two compare.
 *
 * The saga's records may arrive twice, late, and out of order, because it records delays and parked
 * steps concurrently with its other steps. Where the state of the trip does not show that it is past a
 * transition, the version of the record does: the saga numbers its records.
 */
export type Transition = (trip: TripRow, now: Date) => TripPatch | undefined;

/** Makes a REQUESTED trip PENDING: its workflow has begun. Throws once the trip is being compensated. */
export function accept(): Transition {
  return (trip) => {
    if (isCompensating(trip)) throw createTransitionError(trip, "PENDING");
    return trip.status === "REQUESTED" ? { status: "PENDING" } : undefined;
  };
}

/** Makes a PENDING trip ACTIVE: the drive begins now. */
export function activate(): Transition {
  return (trip, now) => {
    if (isCompensating(trip)) throw createTransitionError(trip, "ACTIVE");
    if (trip.started_at !== null) return undefined;
    if (trip.status !== "PENDING") throw createTransitionError(trip, "ACTIVE");
    return { status: "ACTIVE", started_at: now };
  };
}

/**
 * Makes the trip ENDED, and fixes the end of the drive and its fare for good. The drive ended when the
 * rider requested it, and at `latest`, or now if that is earlier, when nobody did.
 */
export function completeDrive(latest: Date): Transition {
  return (trip, now) => {
    if (trip.ended_at !== null) return undefined;
    const startedAt = trip.started_at;
    if (startedAt === null || isCompensating(trip)) throw createTransitionError(trip, "ENDED");
    const requestedAt = trip.stop_kind === "END" ? trip.stop_requested_at : null;
    const tariff = getTariff(trip);
    const endedAt = limitDriveEnd(tariff, {
      startedAt,
      endedAt: requestedAt ?? (latest < now ? latest : now),
    });
    const fare = calculateDriveFare(tariff, { startedAt, endedAt });
    return {
      status: "ENDED",
      ended_at: endedAt,
      fare: fare.minorUnits,
      currency: fare.currency,
    };
  };
}

/**
 * Makes an ENDED trip SETTLED: the rider has paid `settled`, the unlock fee and the fare. The reason
 * of a parked release of the vehicle stays.
 */
export function settle(settled: { minorUnits: bigint; currency: string }): Transition {
  return (trip) => {
    if (trip.status === "SETTLED") return undefined;
    if (trip.ended_at === null) throw createTransitionError(trip, "SETTLED");
    if (trip.currency !== settled.currency) {
      const wanted = `SETTLED in ${settled.currency}: its fare is in ${trip.currency}`;
      throw createTransitionError(trip, wanted);
    }
    const releaseIsParked = isParkedAt(trip, steps.releaseVehicle);
    return {
      status: "SETTLED",
      settled: settled.minorUnits,
      ...(releaseIsParked ? {} : { reason: null }),
    };
  };
}

/** The first cause of a compensation. It is kept whatever later records contain. */
interface FirstCause {
  readonly reason: string;
  readonly refusal?: (Pick<Refusal, "code" | "message"> & { readonly step?: string }) | undefined;
}

/**
 * Makes a trip whose drive has not ended COMPENSATING. `unlessDriving` refuses that as well when the drive has
 * begun, and no cancellation was recorded before the compensation began.
 */
export function compensate({
  version,
  resolvedSteps,
  unlessDriving = false,
  ...cause
}: Numbered &
  FirstCause & {
    readonly unlessDriving?: boolean;
  }): Transition {
  return (trip) => {
    const driving =
      trip.started_at !== null && trip.stop_kind !== "CANCEL" && !isCompensating(trip);
    if (trip.ended_at !== null || (unlessDriving && driving)) {
      throw createTransitionError(trip, "COMPENSATING");
    }
    if (trip.status === "CANCELLED" || version <= BigInt(trip.compensation_version))
      return undefined;
    // A workflow without its answer does not have the recorded cancellation.
    const cancelled = unlessDriving && trip.stop_kind === "CANCEL" ? trip.stop_reason : null;
    return {
      status: "COMPENSATING",
      ...keepFirstCause(trip, cancelled === null ? cause : { reason: cancelled }),
      ...addResolved(trip, resolvedSteps),
      compensation_version: version,
    };
  };
}

function keepFirstCause(trip: TripRow, { reason, refusal }: FirstCause): TripPatch {
  const first = findFirstReason(trip);
  const recorded = {
    refusal_code: refusal?.code ?? null,
    refusal_message: refusal?.message ?? null,
    refusal_step: refusal?.step ?? null,
  };
  if (first === null) return { reason, compensation_reason: reason, ...recorded };
  // Workers of older versions state the refusal at the end of the compensation that it caused.
  const isLate = refusal !== undefined && trip.refusal_code === null && reason === first;
  return { reason: first, compensation_reason: first, ...(isLate ? recorded : {}) };
}

function findFirstReason({ compensation_reason, status, reason }: TripRow): string | null {
  if (compensation_reason !== null) return compensation_reason;
  // Processes of older versions record no reason of its own.
  return status === "COMPENSATING" || status === "CANCELLED" ? reason : null;
}

/** A record that the saga numbers, with the steps that operators have resolved so far. */
interface Numbered {
  readonly version: bigint;
  readonly resolvedSteps?: readonly string[];
}

function addResolved({ resolved_steps }: TripRow, resolved: readonly string[] = []): TripPatch {
  const added = resolved.filter((step) => !resolved_steps.includes(step));
  return added.length === 0 ? {} : { resolved_steps: [...resolved_steps, ...added] };
}

/**
 * Makes the trip NEEDS_ATTENTION: `step` waits for an operator. A SETTLED trip keeps its status and
 * gets the reason, because only the release of its vehicle can still be parked.
 */
export function park(parked: Numbered & { step: string; reason: string }): Transition {
  return (trip) => {
    if (trip.status === "CANCELLED" || parked.version <= BigInt(trip.compensation_version))
      return undefined;
    return {
      status: trip.status === "SETTLED" ? "SETTLED" : "NEEDS_ATTENTION",
      reason: `${parked.step}: ${parked.reason}`,
      ...addResolved(trip, parked.resolvedSteps),
      compensation_version: parked.version,
    };
  };
}

/** Returns a trip parked after the pivot to ENDED, or to ACTIVE when its end is not recorded yet. */
export function resume({ version, resolvedSteps }: Numbered): Transition {
  return (trip) => {
    if (version <= BigInt(trip.compensation_version)) return undefined;
    if (trip.started_at === null || isCompensating(trip))
      throw createTransitionError(trip, "ENDED again");
    const resolved = addResolved(trip, resolvedSteps);
    const resumed = { reason: null, compensation_version: version, ...resolved };
    if (trip.status !== "NEEDS_ATTENTION") return resumed;
    if (trip.ended_at !== null) return { ...resumed, status: "ENDED" };
    // Its rider may have started another trip since it was parked.
    return { ...resumed, status: "ACTIVE", occupies_rider: false };
  };
}

/** Records an operator's decision on parked steps. The saga records its effect. */
export function recordDecision(decision: string): Transition {
  return () => ({ decision });
}

/** Records that the saga refused a decision, unless another one followed it. */
export function refuseDecision(decision: string, reason: string): Transition {
  return (trip) =>
    trip.decision === decision ? { decision: `${decision} (refused: ${reason})` } : undefined;
}

/**
 * Makes the trip CANCELLED, for good. StartTrip throws the refusal from then on; without one the rider
 * or an operator cancelled the trip. The cause with which the compensation began is kept.
 */
export function cancel(
  reason: string,
  refusal?: FirstCause["refusal"],
  resolvedSteps?: readonly string[],
): Transition {
  return (trip) => {
    if (trip.status === "CANCELLED") return undefined;
    if (trip.ended_at !== null) throw createTransitionError(trip, "CANCELLED");
    const cause = keepFirstCause(trip, { reason, refusal });
    return { status: "CANCELLED", ...cause, ...addResolved(trip, resolvedSteps) };
  };
}

/** Records the step that is delayed; the empty string when none is. */
export function recordDelay({ version, step }: { version: bigint; step: string }): Transition {
  return (trip) => {
    if (version <= BigInt(trip.delay_version)) return undefined;
    return { delayed_step: step === "" ? null : step, delay_version: version };
  };
}

/** The state of the publication of a trip's TripCompleted. */
export type BroadcastRecord =
  | { readonly state: "DELAYED"; readonly error: string }
  | { readonly state: "PUBLISHED"; readonly publishedAt: Date };

/** Records the publication of a SETTLED trip's TripCompleted. PUBLISHED is final. */
export function recordBroadcast(record: BroadcastRecord): Transition {
  return (trip) => {
    if (trip.broadcast === "PUBLISHED") return undefined;
    if (trip.status !== "SETTLED")
      throw createTransitionError(trip, "broadcast: it is not SETTLED");
    return record.state === "PUBLISHED"
      ? { broadcast: record.state, broadcast_error: null, published_at: record.publishedAt }
      : { broadcast: record.state, broadcast_error: record.error };
  };
}

/** Creates the failed_precondition error for a trip that cannot make a transition. */
export function createTransitionError(trip: TripRow, wanted: string): ConnectError {
  const driveEnded = trip.ended_at !== null || trip.stop_kind === "END";
  const ended = driveEnded ? " and its drive has ended" : "";
  return new ConnectError(
    `trip ${trip.trip_id} is ${trip.status}${ended}: it cannot become ${wanted}`,
    Code.FailedPrecondition,
  );
}

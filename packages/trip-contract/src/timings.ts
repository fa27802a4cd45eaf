/** The timings of a trip, in milliseconds. */
export interface TripTimings {
  /** How long a step before the pivot is retried. The trip is compensated afterwards. */
  readonly stepTimeoutMs: number;
  /** How long a compensation is retried. It is parked afterwards. */
  readonly compensationTimeoutMs: number;
  /** After which time a step after the pivot counts as delayed. */
  readonly delayedAfterMs: number;
  /** After which time the publication of TripCompleted counts as delayed. */
  readonly broadcastDelayedAfterMs: number;
}

/** The timings of every trip whose input does not replace them. */
export const defaultTimings: TripTimings = {
  stepTimeoutMs: 30_000,
  compensationTimeoutMs: 120_000,
  delayedAfterMs: 5_000,
  broadcastDelayedAfterMs: 3_000,
};

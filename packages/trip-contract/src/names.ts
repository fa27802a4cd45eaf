/** The task queue of the trip workflow and its activities. */
export const taskQueue = "trips";

/** The workflow type of a trip. */
export const tripWorkflowType = "trip";

/**
 * Returns the workflow id of a trip. Every idempotency key of the trip begins with it:
 * `<workflow id>/<step>`.
 *
 * @example
 * ```ts
 * createTripWorkflowId("42"); // "trip/42"
 * ```
 */
export function createTripWorkflowId(tripId: string): string {
  return `trip/${tripId}`;
}

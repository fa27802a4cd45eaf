/** The search attributes of the trip workflow, all of type Keyword. */
export const searchAttributes = {
  /** The status of the trip in the registry, such as ACTIVE. */
  status: "TripStatus",
  /** The step that is parked. Unset when none is. */
  attention: "TripAttention",
  /** The step that is delayed. Unset when none is. */
  delayed: "TripDelayed",
} as const;

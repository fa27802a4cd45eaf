/** The limits of one caller. */
export interface CallerLimits {
  /** Calls per second. Ten times as many may come at once after a pause. */
  readonly callsPerSecond: number;
  /** Unary calls in flight at the same time. */
  readonly maxCalls: number;
  /** Streams open at the same time. */
  readonly maxStreams: number;
}

/** The limits of a caller for whom an app states none. */
export const defaultCallerLimits: CallerLimits = {
  callsPerSecond: 100,
  maxCalls: 100,
  maxStreams: 100,
};

/** The limits of an address for calls without a valid token. */
export const anonymousLimits: CallerLimits = { callsPerSecond: 20, maxCalls: 100, maxStreams: 10 };

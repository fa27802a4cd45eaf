/** The limits of the connections of a listener. */
export interface ConnectionLimits {
  /** Connections in all. Default: 2,000. */
  readonly maxConnections: number;
  /** Connections from one address or IPv6 network of 64 bits, which a trusted proxy may exceed. Default: 500. */
  readonly maxConnectionsPerAddress: number;
  /** The time that a connection is kept without a request, in milliseconds. Default: 60,000. */
  readonly idleTimeoutMs: number;
  /** The time in which a new connection has to send its first request, in milliseconds. Default: 15,000. */
  readonly firstRequestTimeoutMs: number;
}

/** The limits of a listener that sets none. */
export const defaultConnectionLimits: ConnectionLimits = {
  maxConnections: 2000,
  maxConnectionsPerAddress: 500,
  idleTimeoutMs: 60_000,
  firstRequestTimeoutMs: 15_000,
};

import type { IncomingHttpHeaders } from "node:http";

/** The timeouts of a method, in milliseconds. */
export interface TimeoutLimits {
  /** The timeout of a call that sets none. */
  readonly defaultMs: number;
  /** The longest timeout. */
  readonly maxMs: number;
}

const unitMs: Readonly<Record<string, number>> = {
  n: 0.000001,
  u: 0.001,
  m: 1,
  S: 1000,
  M: 60_000,
  H: 3_600_000,
};

/**
 * Sets the timeout header of a request that has none, and shortens a timeout over the limit to the
 * limit. A malformed timeout stays: its protocol refuses it with `invalid_argument`. Returns the timeout in
 * milliseconds.
 */
export function limitTimeout(headers: IncomingHttpHeaders, limits: TimeoutLimits): number {
  const isGrpc = headers["content-type"]?.startsWith("application/grpc") === true;
  const name = isGrpc ? "grpc-timeout" : "connect-timeout-ms";
  const format = isGrpc ? formatGrpcTimeout : String;
  const parse = isGrpc ? parseGrpcTimeout : parseConnectTimeout;
  const value = headers[name];
  const asked = value === undefined ? limits.defaultMs : parse(String(value));
  const ms = Math.min(Number.isNaN(asked) ? limits.maxMs : asked, limits.maxMs);
  if (value === undefined || asked > limits.maxMs) headers[name] = format(ms);
  return ms;
}

function parseConnectTimeout(value: string): number {
  return /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
}

function parseGrpcTimeout(value: string): number {
  const [, digits, unit = ""] = /^(\d{1,8})([HMSmun])$/.exec(value) ?? [];
  return Number(digits) * (unitMs[unit] ?? Number.NaN);
}

// A gRPC timeout has at most eight digits.
function formatGrpcTimeout(ms: number): string {
  return ms < 100_000_000 ? `${ms}m` : `${Math.floor(ms / 1000)}S`;
}

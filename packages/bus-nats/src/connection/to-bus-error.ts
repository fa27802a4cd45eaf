import { type BusCode, BusError } from "@fanfare/bus";
import { JetStreamApiError } from "@nats-io/jetstream";
import { errors } from "@nats-io/nats-core";

/** The bus's codes for the error numbers of JetStream's API. Other numbers map by their status. */
const apiErrorCodes: ReadonlyMap<number, BusCode> = new Map([
  [10002, "resource_exhausted"], // resource limits exceeded for account
  [10023, "resource_exhausted"], // insufficient resources
  [10026, "resource_exhausted"], // maximum consumers limit reached
  [10027, "resource_exhausted"], // maximum number of streams reached
  [10028, "resource_exhausted"], // insufficient memory resources available
  [10047, "resource_exhausted"], // insufficient storage resources available
  [10077, "stream_full"], // the stream's limits, with discard: new
  [10007, "no_leader"], // no leader is assigned to the stream or consumer
  [10008, "no_leader"], // the cluster has no metadata leader
  [10009, "no_leader"], // this server is no longer the leader
  [10118, "no_leader"], // the stream's servers are offline
  [10119, "no_leader"], // the consumer's servers are offline
  [10012, "invalid_argument"], // consumer create
  [10049, "invalid_argument"], // stream create
  [10052, "invalid_argument"], // stream configuration
  [10054, "too_large"], // message size exceeds the stream's maximum
  [10174, "unsupported"], // the stream does not allow atomic batches
  [10176, "unavailable"], // a message of the batch is missing
  [10199, "invalid_argument"], // the batch is too large
  [10201, "already_stored"], // an id of the batch is a duplicate
  [10210, "resource_exhausted"], // too many batches in flight
  [10013, "drift"], // consumer name already in use
  [10058, "drift"], // stream name already in use with a different configuration
  [10065, "drift"], // subjects overlap with an existing stream
  [10069, "drift"], // stream update
  [10105, "drift"], // consumer already exists and is still active
  [10109, "drift"], // sealed stream
  [10148, "drift"], // consumer already exists
]);

const statusCodes: ReadonlyMap<number, BusCode> = new Map([
  [404, "not_provisioned"],
  [429, "resource_exhausted"],
  [503, "unavailable"],
]);

/** The stream's write queue is full at the moment. */
const tooManyRequests = 10167;

/** Returns whether the same request may succeed when it is repeated a little later. */
export function isTransient({ code, cause }: BusError): boolean {
  if (cause instanceof Error && cause.name === "JetStreamNotEnabled") return false;
  if (cause instanceof JetStreamApiError && cause.code === tooManyRequests) return true;
  return code === "unavailable" || code === "no_leader" || code === "slow_consumer";
}

/** Converts an error reply of JetStream. `about` begins the message: what was attempted. */
export function createApiError(error: JetStreamApiError, about: string): BusError {
  const code = apiErrorCodes.get(error.code) ?? statusCodes.get(error.status) ?? "internal";
  return new BusError(code, `${about}: ${error.message} (JetStream ${error.code})`, {
    cause: error,
  });
}

/** Converts whatever the NATS client throws. `about` begins the message. Returns a BusError as it is. */
export function toBusError(reason: unknown, about: string): BusError {
  if (reason instanceof BusError) return reason;
  if (reason instanceof JetStreamApiError) return createApiError(reason, about);
  const message = reason instanceof Error ? reason.message : String(reason);
  return new BusError(mapClientError(reason), `${about}: ${message}`, { cause: reason });
}

function mapClientError(reason: unknown): BusCode {
  if (reason instanceof errors.PermissionViolationError) return "permission_denied";
  if (reason instanceof errors.AuthorizationError) return "permission_denied";
  if (reason instanceof errors.UserAuthenticationExpiredError) return "permission_denied";
  if (reason instanceof errors.TimeoutError) return "deadline_exceeded";
  if (reason instanceof errors.InvalidArgumentError) {
    return reason.message.includes("max_payload") ? "too_large" : "invalid_argument";
  }
  if (reason instanceof errors.InvalidSubjectError) return "invalid_argument";
  if (reason instanceof errors.ProtocolError) {
    return /slow consumer/i.test(reason.message) ? "slow_consumer" : "internal";
  }
  if (reason instanceof errors.ConnectionError) return "unavailable";
  if (reason instanceof errors.ClosedConnectionError) return "unavailable";
  if (reason instanceof errors.DrainingConnectionError) return "unavailable";
  if (reason instanceof errors.RequestError) return "unavailable";
  return mapSystemError(reason);
}

const unreachable = /^E(CONN|HOST|NET|PIPE|AI_|TIMEDOUT|NOTFOUND)/;
const wrongOption = /^(ERR_INVALID_URL|ENOENT|EACCES|EISDIR)$/;

/** Maps errors of Node.js, which the client passes on, and errors that the client does not export. */
function mapSystemError(reason: unknown): BusCode {
  if (!(reason instanceof Error)) return "internal";
  if (reason.name === "JetStreamNotEnabled") return "unavailable";
  if (reason.name === "NKeysError") return "invalid_argument";
  const code = "code" in reason ? String(reason.code) : "";
  if (unreachable.test(code)) return "unavailable";
  return wrongOption.test(code) ? "invalid_argument" : "internal";
}

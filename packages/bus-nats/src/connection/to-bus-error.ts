import { type BusCode, BusError } from "@fanfare/bus";
import { listCauses } from "@fanfare/bus/kit";
import { JetStreamApiError } from "@nats-io/jetstream";
import { errors } from "@nats-io/nats-core";
import { apiErrorCodes, statusCodes } from "./error-codes.ts";

/** The stream's write queue is full at the moment. */
const tooManyRequests = 10167;

/** Returns whether the same request may succeed when it is repeated a little later. */
export function isTransient(error: BusError): boolean {
  const { code } = error;
  if (code === "no_leader" || code === "slow_consumer") return true;
  if (listCauses(error).some(isNotEnabled)) return false;
  if (readApiCode(error) === tooManyRequests || hasNoResponders(error)) return true;
  return code === "unavailable";
}

/** Returns the error number of JetStream's API, whatever wraps it; undefined without one. */
export function readApiCode(reason: unknown): number | undefined {
  return listCauses(reason).find((one) => one instanceof JetStreamApiError)?.code;
}

/**
 * Returns whether nothing received a request, whatever wraps the error: a stream is missing, or has no
 * leader at the moment.
 */
export function hasNoResponders(reason: unknown): boolean {
  return listCauses(reason).some((one) => one instanceof errors.NoRespondersError);
}

/** Returns what the client throws when nothing receives requests to JetStream's API. */
function isNotEnabled(reason: unknown): boolean {
  return reason instanceof Error && reason.name === "JetStreamNotEnabled";
}

/**
 * Converts whatever the NATS client throws. Looks through everything that wraps the reason: the first
 * error that states one decides. `about` begins the message. Returns a BusError as it is.
 */
export function toBusError(reason: unknown, about: string): BusError {
  if (reason instanceof BusError) return reason;
  const causes = listCauses(reason);
  for (const one of causes) {
    const code = classify(one);
    if (code === undefined) continue;
    const number = one instanceof JetStreamApiError ? ` (JetStream ${one.code})` : "";
    return new BusError(code, `${about}: ${readMessage(one)}${number}`, { cause: reason });
  }
  const code = causes.some((one) => one instanceof errors.RequestError)
    ? "unavailable"
    : "internal";
  return new BusError(code, `${about}: ${readMessage(reason)}`, { cause: reason });
}

function readMessage(reason: unknown): string {
  return BusError.from(reason).message;
}

/** Returns undefined for an error that states no reason of its own, such as RequestError. */
function classify(reason: unknown): BusCode | undefined {
  if (reason instanceof BusError) return reason.code;
  if (reason instanceof JetStreamApiError) {
    return apiErrorCodes.get(reason.code) ?? statusCodes.get(reason.status) ?? "internal";
  }
  if (isNotEnabled(reason)) return "unavailable";
  if (reason instanceof errors.NoRespondersError) return "not_provisioned";
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
  return classifySystemError(reason);
}

const unreachable = /^E(CONN|HOST|NET|PIPE|AI_|TIMEDOUT|NOTFOUND)/;
const wrongOption = /^(ERR_INVALID_URL|ENOENT|EACCES|EISDIR)$/;

/** Classifies errors of Node.js, which the client passes on, and errors that it does not export. */
function classifySystemError(reason: unknown): BusCode | undefined {
  if (!(reason instanceof Error)) return undefined;
  if (reason.name === "NKeysError") return "invalid_argument";
  const code = "code" in reason ? String(reason.code) : "";
  if (unreachable.test(code)) return "unavailable";
  return wrongOption.test(code) ? "invalid_argument" : undefined;
}

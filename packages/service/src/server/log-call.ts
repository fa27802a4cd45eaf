import type { ContextValues } from "@connectrpc/connect";
import { Code } from "@connectrpc/connect";
import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { callerKey } from "../auth/caller.ts";
import { Health } from "../gen/grpc/health/v1/health_pb.ts";
import type { Logger } from "../process/create-logger.ts";
import { callErrorKey } from "./call-interceptor.ts";
import { requestErrorKey } from "./request-errors.ts";

/** A call that has ended. */
export interface Call {
  /** The path of the request, such as `/greet.v1.GreetService/Greet`. */
  readonly path: string;
  readonly values: ContextValues;
  /** `performance.now()` at the arrival of the request. */
  readonly startedAt: number;
  /** Undefined when the caller disconnected before there was a response. */
  readonly response: UniversalServerResponse | undefined;
}

/** Logs a call that has ended. */
export type LogCall = (call: Call) => void;

/** How many calls without a caller are logged in a second. */
const maxAnonymousLines = 10;
const maxPathLength = 200;

/**
 * Creates the function that logs each call in one line: its method, caller, code and duration in
 * milliseconds. Internal errors of routes are logged with their cause at error, health checks at debug, the
 * rest at info. Calls without an authenticated caller get ten lines a second; the first line of a later
 * second has the number of those that were left out.
 */
export function createCallLogger(logger: Logger): LogCall {
  let second = -1;
  let logged = 0;
  let omitted = 0;

  /** Returns what a line about an anonymous caller has in addition, or undefined for none. */
  function admitAnonymous(): { omitted?: number } | undefined {
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) {
      second = now;
      logged = 0;
    }
    logged += 1;
    if (logged > maxAnonymousLines) {
      omitted += 1;
      return undefined;
    }
    const line = omitted === 0 ? {} : { omitted };
    omitted = 0;
    return line;
  }

  return ({ path, values, startedAt, response }) => {
    const caller = values.get(callerKey);
    const requestError = values.get(requestErrorKey);
    const error = requestError ?? values.get(callErrorKey);
    const line = {
      method: path.slice(1, maxPathLength),
      caller: caller === undefined ? undefined : `${caller.role} ${caller.subject}`,
      code: error === undefined ? readResponseCode(response) : codeToString(error.code),
      ms: Math.round(performance.now() - startedAt),
    };
    const isInternal = error?.code === Code.Internal || error?.code === Code.Unknown;
    if (isInternal && requestError === undefined) {
      logger.error({ ...line, err: error.cause ?? error }, "call");
      return;
    }
    const level = path.startsWith(`/${Health.typeName}/`) ? "debug" : "info";
    const extra = caller === undefined && level === "info" ? admitAnonymous() : {};
    const reason = error === undefined ? {} : { reason: error.rawMessage };
    if (extra !== undefined) logger[level]({ ...line, ...reason, ...extra }, "call");
  };
}

// A call that is refused before the interceptors run has a code in its response alone.
function readResponseCode(response: UniversalServerResponse | undefined): string {
  if (response === undefined) return "canceled";
  const status = response.trailer?.get("grpc-status") ?? undefined;
  if (status === "0") return "ok";
  const code = Object.values(Code).find((value) => String(value) === status);
  if (typeof code === "number") return codeToString(code);
  return response.status === 200 ? "ok" : `http ${response.status}`;
}

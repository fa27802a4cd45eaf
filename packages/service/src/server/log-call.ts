import type { ContextValues } from "@connectrpc/connect";
import { Code } from "@connectrpc/connect";
import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { callerKey } from "../auth/caller.ts";
import { Health } from "../gen/grpc/health/v1/health_pb.ts";
import type { Logger } from "../process/create-logger.ts";
import { callErrorKey } from "./call-interceptor.ts";

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

/**
 * Logs a call in one line: its method, caller, code and duration in milliseconds. Health checks are
 * logged at debug, internal errors with their cause at error, the rest at info.
 */
export function logCall(logger: Logger, { path, values, startedAt, response }: Call): void {
  const caller = values.get(callerKey);
  const error = values.get(callErrorKey);
  const line = {
    method: path.slice(1),
    caller: caller === undefined ? undefined : `${caller.role} ${caller.subject}`,
    code: error === undefined ? readResponseCode(response) : codeToString(error.code),
    ms: Math.round(performance.now() - startedAt),
  };
  if (error?.code === Code.Internal || error?.code === Code.Unknown) {
    logger.error({ ...line, err: error.cause ?? error }, "call");
  } else {
    const level = path.startsWith(`/${Health.typeName}/`) ? "debug" : "info";
    logger[level](error === undefined ? line : { ...line, reason: error.rawMessage }, "call");
  }
}

// A call that is refused before the interceptors run, such as an unreadable body, has a code in its
// response alone.
function readResponseCode(response: UniversalServerResponse | undefined): string {
  if (response === undefined) return "canceled";
  const status = response.trailer?.get("grpc-status") ?? undefined;
  if (status === "0") return "ok";
  const code = Object.values(Code).find((value) => String(value) === status);
  if (typeof code === "number") return codeToString(code);
  return response.status === 200 ? "ok" : `http ${response.status}`;
}

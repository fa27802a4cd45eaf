import type { ContextValues } from "@connectrpc/connect";
import { Code } from "@connectrpc/connect";
import type { UniversalHandler, UniversalServerResponse } from "@connectrpc/connect/protocol";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { callerKey } from "../auth/caller.ts";
import { Health } from "../gen/grpc/health/v1/health_pb.ts";
import type { Logger } from "../process/create-logger.ts";
import { callErrorKey } from "./call-interceptor.ts";

/** Call is what is known of a call when it is over. */
export interface Call {
  readonly handler: UniversalHandler;
  readonly values: ContextValues;
  /** performance.now() when it came. */
  readonly startedAt: number;
  /** Absent when the caller left before there was one. */
  readonly response: UniversalServerResponse | undefined;
}

/** logCall writes one line for a call: its method, caller, code and duration in ms. */
export function logCall(logger: Logger, { handler, values, startedAt, response }: Call): void {
  const caller = values.get(callerKey);
  const error = values.get(callErrorKey);
  const code = error === undefined ? codeOfResponse(response) : codeToString(error.code);
  const line = {
    method: `${handler.service.typeName}/${handler.method.name}`,
    caller: caller === undefined ? undefined : `${caller.role} ${caller.subject}`,
    code,
    ms: Math.round(performance.now() - startedAt),
  };
  if (error?.code === Code.Internal || error?.code === Code.Unknown) {
    logger.error({ ...line, err: error.cause ?? error }, "call");
  } else {
    // Health is asked every few seconds.
    const level = handler.service.typeName === Health.typeName ? "debug" : "info";
    logger[level](error === undefined ? line : { ...line, reason: error.rawMessage }, "call");
  }
}

// What is refused before an interceptor sees it (a body that cannot be read) is known by the
// response alone.
function codeOfResponse(response: UniversalServerResponse | undefined): string {
  if (response === undefined) return "canceled";
  const status = response.trailer?.get("grpc-status") ?? undefined;
  if (status !== undefined) return status === "0" ? "ok" : nameOf(Number(status));
  return response.status === 200 ? "ok" : `http ${response.status}`;
}

function nameOf(status: number): string {
  const code = Object.values(Code).find((value) => Number(value) === status);
  return typeof code === "number" ? codeToString(code) : `grpc ${status}`;
}

import type { UniversalHandler } from "@connectrpc/connect/protocol";
import type { RequestGate } from "../auth/access-gate.ts";
import { Health } from "../gen/grpc/health/v1/health_pb.ts";
import { createCallLimiter } from "../limits/call-limiter.ts";
import type { CallerLimits } from "../limits/caller-limits.ts";
import { createCallInterceptor } from "./call-interceptor.ts";
import { createHealthService } from "./health-service.ts";
import type { Readiness } from "./readiness.ts";
import { recordErrors } from "./record-errors.ts";
import { createHandlers } from "./routes.ts";
import { createUnknownMethodHandler } from "./unknown-method.ts";

/** The names of services are short. */
const maxRequestBytes = 1024;
const limits: CallerLimits = { callsPerSecond: 100, maxCalls: 20, maxStreams: 20 };
const maxStreams = 100;

/** Creates the handlers of `grpc.health.v1` and of unknown methods. */
export function createHealthHandlers(
  readiness: Readiness,
  services: readonly string[],
): { readonly handlers: readonly UniversalHandler[]; readonly unknownMethod: UniversalHandler } {
  const limiter = createCallLimiter({ ofCaller: () => limits, ofAnonymous: limits, maxStreams });
  const gate: RequestGate = async (context) => limiter.admitAnonymous(context);
  const health = createHealthService(readiness, services);
  const handlers = createHandlers((router) => router.service(Health, health), {
    all: {
      readMaxBytes: maxRequestBytes,
      interceptors: [createCallInterceptor()],
      requestGate: recordErrors(gate),
    },
    unary: {},
    streaming: {},
  });
  return { handlers, unknownMethod: createUnknownMethodHandler() };
}

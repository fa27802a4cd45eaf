import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { Health } from "../gen/grpc/health/v1/health_pb.ts";
import { createCallInterceptor } from "./call-interceptor.ts";
import { createHealthService } from "./health-service.ts";
import type { Readiness } from "./readiness.ts";
import { openGate } from "./record-errors.ts";
import { createHandlers } from "./routes.ts";
import { createUnknownMethodHandler } from "./unknown-method.ts";

/** The names of services are short. */
const maxRequestBytes = 1024;

/** Creates the handlers of `grpc.health.v1` and of unknown methods. */
export function createHealthHandlers(
  readiness: Readiness,
  services: readonly string[],
): { readonly handlers: readonly UniversalHandler[]; readonly unknownMethod: UniversalHandler } {
  const health = createHealthService(readiness, services);
  const handlers = createHandlers((router) => router.service(Health, health), {
    all: {
      readMaxBytes: maxRequestBytes,
      interceptors: [createCallInterceptor()],
      requestGate: openGate,
    },
    unary: {},
    streaming: {},
  });
  return { handlers, unknownMethod: createUnknownMethodHandler() };
}

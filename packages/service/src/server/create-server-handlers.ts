import { createMutableRegistry } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import type { ConnectRouterOptions, Interceptor } from "@connectrpc/connect";
import { Code, ConnectError } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import { createValidateInterceptor } from "@connectrpc/validate";
import type { RequestGate } from "../auth/access-gate.ts";
import { Health } from "../gen/grpc/health/v1/health_pb.ts";
import { callErrorKey, createCallInterceptor } from "./call-interceptor.ts";
import { collectFiles } from "./collect-files.ts";
import { createHealthService } from "./health-service.ts";
import type { Readiness } from "./readiness.ts";
import { createReflectionRoutes } from "./reflection-service.ts";
import { watchRequest } from "./request-errors.ts";
import type { RouteOptions, Routes } from "./routes.ts";
import { createHandlers } from "./routes.ts";
import { toConnectError } from "./to-connect-error.ts";

/** The routes, limits and gate of a server. */
export interface ServerHandlerOptions extends Pick<RouteOptions, "unary" | "streaming"> {
  readonly routes: Routes;
  /** Runs before the body of each call of `routes` is read. */
  readonly gate: RequestGate;
  /** Interceptors that run after authorisation and validation. */
  readonly interceptors: readonly Interceptor[];
  readonly readiness: Readiness;
  readonly readMaxBytes: number;
  /** Whether `grpc.reflection` describes the routes. */
  readonly reflection: boolean;
}

/** The handlers of a server. */
export interface ServerHandlers {
  readonly handlers: readonly UniversalHandler[];
  /** Answers `unimplemented` over gRPC and gRPC-Web. */
  readonly unknownMethod: UniversalHandler;
}

/** Creates the handlers of the routes, of `grpc.health.v1`, of `grpc.reflection`, and of unknown methods. */
export function createServerHandlers(options: ServerHandlerOptions): ServerHandlers {
  const { unary, streaming, readiness } = options;
  const registry = createMutableRegistry();
  const callInterceptor = createCallInterceptor();
  const base: ConnectRouterOptions = {
    readMaxBytes: options.readMaxBytes,
    acceptCompression: [compressionGzip, compressionBrotli],
    // Resolves google.protobuf.Any in JSON.
    jsonOptions: { registry },
    interceptors: [callInterceptor],
    requestGate: openGate,
  };
  const create = (routes: Routes, all: ConnectRouterOptions) =>
    createHandlers(routes, { all: { ...base, ...all }, unary, streaming });

  const routed = create(options.routes, {
    interceptors: [callInterceptor, createValidateInterceptor(), ...options.interceptors],
    requestGate: recordErrors(options.gate),
  });
  const services = new Map(routed.map(({ service }) => [service.typeName, service]));
  const files = collectFiles(routed.map(({ service }) => service.file));
  for (const file of files.values()) {
    for (const type of nestedTypes(file)) registry.add(type);
  }
  const health = createHealthService(readiness, (name) => services.has(name));
  const routeHealth: Routes = (router) => router.service(Health, health);
  // Refuses every call before it reads the body, so it does not matter of which method it is.
  const [unknownMethod] = create(routeHealth, { requestGate: recordErrors(refuseUnknownMethod) });
  if (unknownMethod === undefined) throw new Error("expected grpc.health.v1 to have a method");
  const routeReflection: Routes = options.reflection
    ? createReflectionRoutes([...services.values(), Health])
    : () => {};
  const handlers = [...routed, ...create(routeHealth, {}), ...create(routeReflection, {})];
  return { handlers, unknownMethod };
}

const openGate: RequestGate = async (context) => watchRequest(context);

const refuseUnknownMethod: RequestGate = async ({ url }) => {
  throw new ConnectError(
    `unknown method ${new URL(url).pathname}: this server does not have it`,
    Code.Unimplemented,
  );
};

function recordErrors(gate: RequestGate): RequestGate {
  return async (context) => {
    try {
      await gate(context);
      watchRequest(context);
    } catch (error) {
      const converted = toConnectError(error);
      context.values.set(callErrorKey, converted);
      throw converted;
    }
  };
}

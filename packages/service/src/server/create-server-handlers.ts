import { createMutableRegistry, type DescService } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import type { ConnectRouterOptions, Interceptor } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import { createValidateInterceptor } from "@connectrpc/validate";
import type { RequestGate } from "../auth/access-gate.ts";
import { createTextRefusal } from "../text/text-interceptors.ts";
import { createCallInterceptor } from "./call-interceptor.ts";
import { collectFiles } from "./collect-files.ts";
import { recordErrors } from "./record-errors.ts";
import { createReflectionRoutes } from "./reflection-service.ts";
import type { RouteOptions, Routes } from "./routes.ts";
import { createHandlers } from "./routes.ts";
import { createUnknownMethodHandler } from "./unknown-method.ts";

/** The routes, limits and gate of a server. */
export interface ServerHandlerOptions extends Pick<RouteOptions, "unary" | "streaming"> {
  readonly routes: Routes;
  /** Runs before the body of each call of `routes` is read. */
  readonly gate: RequestGate;
  /** The gate of `grpc.reflection`. */
  readonly anonymousGate: RequestGate;
  /** Interceptors that run after authorisation and validation. */
  readonly interceptors: readonly Interceptor[];
  readonly readMaxBytes: number;
  /** Whether `grpc.reflection` describes the routes. */
  readonly reflection: boolean;
  /** Whether requests with characters that are not shown are refused. */
  readonly invisibleText: "refuse" | "accept";
}

/** The handlers of a server. */
export interface ServerHandlers {
  readonly handlers: readonly UniversalHandler[];
  /** The services of the routes. */
  readonly services: readonly DescService[];
  /** Answers `unimplemented` over gRPC and gRPC-Web. */
  readonly unknownMethod: UniversalHandler;
}

/** Creates the handlers of the routes, of `grpc.reflection`, and of unknown methods. */
export function createServerHandlers(options: ServerHandlerOptions): ServerHandlers {
  const { unary, streaming } = options;
  const registry = createMutableRegistry();
  const callInterceptor = createCallInterceptor();
  const base: ConnectRouterOptions = {
    readMaxBytes: options.readMaxBytes,
    acceptCompression: [compressionGzip, compressionBrotli],
    // Resolves google.protobuf.Any in JSON.
    jsonOptions: { registry },
    interceptors: [callInterceptor],
    requestGate: recordErrors(options.anonymousGate),
  };
  const create = (routes: Routes, all: ConnectRouterOptions) =>
    createHandlers(routes, { all: { ...base, ...all }, unary, streaming });

  const routed = create(options.routes, {
    interceptors: [
      callInterceptor,
      ...(options.invisibleText === "refuse" ? [createTextRefusal()] : []),
      createValidateInterceptor(),
      ...options.interceptors,
    ],
    requestGate: recordErrors(options.gate),
  });
  const services = [...new Set(routed.map(({ service }) => service))];
  const files = collectFiles(services.map(({ file }) => file));
  for (const file of files.values()) {
    for (const type of nestedTypes(file)) registry.add(type);
  }
  const routeReflection: Routes = options.reflection ? createReflectionRoutes(services) : () => {};
  const handlers = [...routed, ...create(routeReflection, {})];
  return { handlers, unknownMethod: createUnknownMethodHandler(), services };
}

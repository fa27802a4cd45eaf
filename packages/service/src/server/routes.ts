import type { ConnectRouter, ConnectRouterOptions } from "@connectrpc/connect";
import { createConnectRouter } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";

/** Routes says what a server can be called for. */
export type Routes = (router: ConnectRouter) => void;

/** RouteOptions are what all routes share, and what differs for methods that stream. */
export interface RouteOptions {
  readonly all: ConnectRouterOptions;
  readonly unary: ConnectRouterOptions;
  readonly streaming: ConnectRouterOptions;
}

/** createHandlers makes the handlers of all routes; streams live longer and end sooner at a stop. */
export function createHandlers(
  routes: Routes,
  { all, unary, streaming }: RouteOptions,
): UniversalHandler[] {
  const forUnary = createConnectRouter({ ...all, ...unary });
  const forStreaming = createConnectRouter({ ...all, ...streaming });
  const router: ConnectRouter = {
    handlers: [],
    service(service, implementation, options) {
      forUnary.service(service, implementation, options);
      forStreaming.service(service, implementation, options);
      return router;
    },
    rpc(method, implementation, options) {
      forUnary.rpc(method, implementation, options);
      forStreaming.rpc(method, implementation, options);
      return router;
    },
  };
  routes(router);
  return [
    ...forUnary.handlers.filter(({ method }) => method.methodKind === "unary"),
    ...forStreaming.handlers.filter(({ method }) => method.methodKind !== "unary"),
  ];
}

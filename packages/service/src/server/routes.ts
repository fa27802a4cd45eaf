import type { ConnectRouter, ConnectRouterOptions } from "@connectrpc/connect";
import { createConnectRouter } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";

/** Registers the services of a server on a Connect router. */
export type Routes = (router: ConnectRouter) => void;

/** Router options: those of all methods, of unary methods and of streaming methods. */
export interface RouteOptions {
  readonly all: ConnectRouterOptions;
  readonly unary: ConnectRouterOptions;
  readonly streaming: ConnectRouterOptions;
}

/** Creates the handlers of all routes. Unary and streaming methods have timeouts and shutdown signals of their own. */
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

import { Code, ConnectError } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import type { RequestGate } from "../auth/access-gate.ts";
import { Health } from "../gen/grpc/health/v1/health_pb.ts";
import { recordErrors } from "./record-errors.ts";
import { createHandlers } from "./routes.ts";

/**
 * Creates the handler that answers `unimplemented` over gRPC and gRPC-Web. It refuses before it reads the
 * body, so it does not matter of which method it is.
 */
export function createUnknownMethodHandler(): UniversalHandler {
  const all = { requestGate: recordErrors(refuseUnknownMethod) };
  const routes = { all, unary: {}, streaming: {} };
  const [handler] = createHandlers((router) => router.service(Health, {}), routes);
  if (handler === undefined) throw new Error("expected grpc.health.v1 to have a method");
  return handler;
}

/** Paths are shown up to this length. */
const maxPathLength = 200;

const refuseUnknownMethod: RequestGate = async ({ url }) => {
  throw new ConnectError(
    `unknown method ${new URL(url).pathname.slice(0, maxPathLength)}: this server does not have it`,
    Code.Unimplemented,
  );
};

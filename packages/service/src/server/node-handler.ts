import type { UniversalHandler } from "@connectrpc/connect/protocol";
import type { Logger } from "../process/create-logger.ts";
import { answerCall } from "./answer-call.ts";
import { answerJson } from "./answer-json.ts";
import { createByteBudgets } from "./byte-budget.ts";
import { drainBody } from "./drain-body.ts";
import type { TimeoutLimits } from "./limit-timeout.ts";
import { limitTimeout } from "./limit-timeout.ts";
import type { NodeHandler, NodeRequest, NodeResponse } from "./listen.ts";
import { createCallLogger } from "./log-call.ts";

/** Answers a request that has no body. */
export type Probe = (response: NodeResponse) => Promise<void> | void;

/** The handlers and defaults of a node handler. */
export interface NodeHandlerOptions {
  readonly handlers: readonly UniversalHandler[];
  /** Refuses gRPC and gRPC-Web calls of any other method. */
  readonly unknownMethod: UniversalHandler;
  /** The answers of paths such as /healthz. Default: none. */
  readonly probes?: Readonly<Record<string, Probe>>;
  readonly logger: Logger;
  readonly unaryTimeouts: TimeoutLimits;
  readonly streamTimeouts: TimeoutLimits;
  /** The time in which a request message has to arrive, in milliseconds. */
  readonly bodyTimeoutMs: number;
  /** The limit of the bodies that are read at the same time, in bytes. */
  readonly maxBodyBytes: number;
  /** Returns the address of the caller of a request. */
  readonly readAddress: (request: NodeRequest) => string;
}

/** Paths are shown up to this length. */
const maxPathLength = 200;

/** Creates the handler of calls and probes over HTTP/1.1 and HTTP/2. */
export function createNodeHandler(options: NodeHandlerOptions): NodeHandler {
  const { logger } = options;
  const logCall = createCallLogger(logger);
  const openBudget = createByteBudgets(options.maxBodyBytes);
  const calls = new Map(options.handlers.map((handler) => [handler.requestPath, handler]));
  const probes = new Map(Object.entries(options.probes ?? {}));

  return (request, response) => {
    const path = readPath(request.url);
    const isGrpc = request.headers["content-type"]?.startsWith("application/grpc") === true;
    const probe = probes.get(path);
    const call = calls.get(path) ?? (isGrpc ? options.unknownMethod : undefined);
    if (call !== undefined && probe === undefined) {
      const { methodKind } = call.method;
      const limits = methodKind === "unary" ? options.unaryTimeouts : options.streamTimeouts;
      const timeoutMs = limitTimeout(request.headers, limits);
      const isOneMessage = methodKind === "unary" || methodKind === "server_streaming";
      answerCall(call, {
        path,
        address: options.readAddress(request),
        request,
        response,
        logger,
        logCall,
        bodyTimeoutMs: isOneMessage ? Math.min(timeoutMs, options.bodyTimeoutMs) : timeoutMs,
        budget: openBudget(),
      });
      return;
    }
    drainBody(request, response);
    if (request.method === "OPTIONS" && (path === "*" || probe !== undefined)) {
      response.statusCode = 204;
      response.setHeader("allow", path === "*" ? "GET, HEAD, OPTIONS, POST" : "GET, HEAD, OPTIONS");
      response.end();
    } else if (probe !== undefined) {
      void probe(response);
    } else {
      const message = `unknown path ${path.slice(0, maxPathLength)}: call a method as /<package>.<Service>/<Method>`;
      answerJson(response, 404, { code: "unimplemented", message });
    }
  };
}

/** Returns the path of a request target, which can be absolute, such as `http://host/path?query`. */
function readPath(target = ""): string {
  const [path = ""] = target.split("?", 1);
  return path.startsWith("/") ? path : (URL.parse(path)?.pathname ?? path);
}

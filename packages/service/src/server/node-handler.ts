import type { UniversalHandler } from "@connectrpc/connect/protocol";
import type { Logger } from "../process/create-logger.ts";
import { answerCall } from "./answer-call.ts";
import { answerJson } from "./answer-json.ts";
import { drainBody } from "./drain-body.ts";
import type { TimeoutLimits } from "./limit-timeout.ts";
import { limitTimeout } from "./limit-timeout.ts";
import type { NodeHandler, NodeResponse } from "./listen.ts";
import { createCallLogger } from "./log-call.ts";
import type { Readiness } from "./readiness.ts";

/** The handlers and defaults of a node handler. */
export interface NodeHandlerOptions {
  readonly handlers: readonly UniversalHandler[];
  /** Refuses gRPC and gRPC-Web calls of any other method. */
  readonly unknownMethod: UniversalHandler;
  readonly readiness: Readiness;
  readonly logger: Logger;
  readonly unaryTimeouts: TimeoutLimits;
  readonly streamTimeouts: TimeoutLimits;
  /** Returns the text of /metrics, in the format of Prometheus. */
  readonly metrics?: (() => Promise<string>) | undefined;
}

/** Creates the handler of calls, /healthz, /readyz and /metrics over HTTP/1.1 and HTTP/2. */
export function createNodeHandler(options: NodeHandlerOptions): NodeHandler {
  const { readiness, logger, metrics } = options;
  const logCall = createCallLogger(logger);
  const calls = new Map(options.handlers.map((handler) => [handler.requestPath, handler]));
  const probes = new Map<string, (response: NodeResponse) => Promise<void> | void>([
    [
      "/healthz",
      (response) => answerJson(response, 200, { alive: true, parts: readiness.readParts() }),
    ],
    ["/readyz", (response) => answerReadiness(response, readiness)],
  ]);
  if (metrics) probes.set("/metrics", (response) => answerMetrics(response, metrics, logger));

  return (request, response) => {
    const path = readPath(request.url);
    const isGrpc = request.headers["content-type"]?.startsWith("application/grpc") === true;
    const probe = probes.get(path);
    const call = calls.get(path) ?? (isGrpc ? options.unknownMethod : undefined);
    if (call !== undefined && probe === undefined) {
      const isUnary = call.method.methodKind === "unary";
      limitTimeout(request.headers, isUnary ? options.unaryTimeouts : options.streamTimeouts);
      answerCall(call, { path, request, response, logger, logCall });
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
      const message = `unknown path ${path}: call a method as /<package>.<Service>/<Method>`;
      answerJson(response, 404, { code: "unimplemented", message });
    }
  };
}

/** Returns the path of a request target, which can be absolute, such as `http://host/path?query`. */
function readPath(target = ""): string {
  const [path = ""] = target.split("?", 1);
  return path.startsWith("/") ? path : (URL.parse(path)?.pathname ?? path);
}

async function answerReadiness(response: NodeResponse, readiness: Readiness): Promise<void> {
  const report = await readiness.report();
  answerJson(response, report.ready ? 200 : 503, report);
}

async function answerMetrics(
  response: NodeResponse,
  metrics: () => Promise<string>,
  logger: Logger,
): Promise<void> {
  try {
    const text = await metrics();
    response.setHeader("content-type", "text/plain; version=0.0.4; charset=utf-8");
    response.end(text);
  } catch (error) {
    logger.warn({ err: error }, "cannot collect metrics");
    answerJson(response, 500, { code: "internal", message: "cannot collect metrics: see the log" });
  }
}

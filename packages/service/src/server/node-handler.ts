import type { IncomingHttpHeaders } from "node:http";
import type { Readable, Writable } from "node:stream";
import { createContextValues } from "@connectrpc/connect";
import type { UniversalHandler, UniversalServerResponse } from "@connectrpc/connect/protocol";
import {
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import type { Logger } from "../process/create-logger.ts";
import { drainBody } from "./drain-body.ts";
import type { NodeHandler, NodeRequest, NodeResponse } from "./listen.ts";
import { logCall } from "./log-call.ts";
import type { Readiness } from "./readiness.ts";

/** The handlers and defaults of a node handler. */
export interface NodeHandlerOptions {
  readonly handlers: readonly UniversalHandler[];
  readonly readiness: Readiness;
  readonly logger: Logger;
  /** The timeout of a unary call that sets none, in milliseconds. */
  readonly defaultTimeoutMs: number;
  /** The timeout of a stream that sets none, in milliseconds. */
  readonly defaultStreamMs: number;
  /** Returns the text of /metrics, in the format of Prometheus. */
  readonly metrics?: (() => Promise<string>) | undefined;
}

/** Creates the handler of calls, /healthz, /readyz and /metrics over HTTP/1.1 and HTTP/2. */
export function createNodeHandler(options: NodeHandlerOptions): NodeHandler {
  const { handlers, readiness, logger, metrics } = options;
  const byPath = new Map(handlers.map((handler) => [handler.requestPath, handler]));
  return (request, response) => {
    const path = request.url?.split("?", 1)[0] ?? "";
    const handler = byPath.get(path);
    if (handler !== undefined) {
      setDefaultTimeout(
        request.headers,
        handler.method.methodKind === "unary" ? options.defaultTimeoutMs : options.defaultStreamMs,
      );
      handleCall(handler, { request, response, logger });
      return;
    }
    drainBody(request, response);
    if (path === "/healthz") {
      answerJson(response, 200, { alive: true });
    } else if (path === "/readyz") {
      void answerReadiness(response, readiness);
    } else if (path === "/metrics" && metrics !== undefined) {
      void answerMetrics(response, metrics, logger);
    } else {
      const message = `unknown path ${path}: call a method as /<package>.<Service>/<Method>`;
      answerJson(response, 404, { code: "unimplemented", message });
    }
  };
}

interface Exchange {
  readonly request: NodeRequest;
  readonly response: NodeResponse;
  readonly logger: Logger;
}

function handleCall(handler: UniversalHandler, { request, response, logger }: Exchange): void {
  const startedAt = performance.now();
  const values = createContextValues();
  let answer: UniversalServerResponse | undefined;
  const ended: Writable = response;
  ended.once("close", () => logCall(logger, { handler, values, startedAt, response: answer }));
  const body = readChunks(request);
  async function run(): Promise<void> {
    const call = universalRequestFromNodeRequest(request, response, undefined, values);
    answer = await handler({ ...call, body });
    const drain = () => drainBody(request, response, body.return(undefined));
    await universalResponseToNodeResponse(runBeforeEnd(answer, drain), response);
  }
  run().catch((error: unknown) => {
    // The caller disconnected, or sent malformed HTTP.
    logger.debug({ err: error, path: handler.requestPath }, "cannot send a response");
    if (!response.headersSent) answerJson(response, 400, { code: "invalid_argument" });
    else ended.destroy();
  });
}

async function* readChunks(request: Readable): AsyncGenerator<Uint8Array> {
  const chunks: AsyncIterable<Uint8Array> = request.iterator({ destroyOnReturn: false });
  yield* chunks;
}

/** Calls a function when the body of a response ends, before the response does. */
function runBeforeEnd(answer: UniversalServerResponse, onEnd: () => void): UniversalServerResponse {
  const { body } = answer;
  async function* relayBody(): AsyncGenerator<Uint8Array> {
    try {
      if (body) yield* body;
    } finally {
      onEnd();
    }
  }
  return { ...answer, body: relayBody() };
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

function setDefaultTimeout(headers: IncomingHttpHeaders, timeoutMs: number): void {
  if (headers["content-type"]?.startsWith("application/grpc") === true) {
    headers["grpc-timeout"] ??= `${timeoutMs}m`;
  } else {
    headers["connect-timeout-ms"] ??= String(timeoutMs);
  }
}

function answerJson(response: NodeResponse, status: number, body: unknown): void {
  response.statusCode = status;
  response.setHeader("content-type", "application/json");
  response.end(`${JSON.stringify(body)}\n`);
}

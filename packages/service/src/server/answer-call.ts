import type { Writable } from "node:stream";
import { createContextValues } from "@connectrpc/connect";
import type { UniversalHandler, UniversalServerResponse } from "@connectrpc/connect/protocol";
import {
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import type { Logger } from "../process/create-logger.ts";
import { answerJson } from "./answer-json.ts";
import type { ByteBudget } from "./byte-budget.ts";
import { addressKey, closedKey } from "./call-context.ts";
import { drainBody } from "./drain-body.ts";
import type { NodeRequest, NodeResponse } from "./listen.ts";
import type { LogCall } from "./log-call.ts";
import { readBody } from "./read-body.ts";
import { closeWhenStalled } from "./stalled-response.ts";

/** A request and its response. */
export interface Exchange {
  /** The path of the request, such as `/greet.v1.GreetService/Greet`. */
  readonly path: string;
  /** The address of the caller. */
  readonly address: string;
  readonly request: NodeRequest;
  readonly response: NodeResponse;
  readonly logger: Logger;
  readonly logCall: LogCall;
  /** The time in which the body has to arrive, in milliseconds. */
  readonly bodyTimeoutMs: number;
  readonly budget: ByteBudget;
}

/** Answers a request with a handler, and logs the call when its response is closed. */
export function answerCall(handler: UniversalHandler, exchange: Exchange): void {
  const { path, request, response, logger, logCall, budget } = exchange;
  const startedAt = performance.now();
  const values = createContextValues();
  const closed = new AbortController();
  values.set(addressKey, exchange.address);
  values.set(closedKey, closed.signal);
  let answer: UniversalServerResponse | undefined;
  let sending: AsyncGenerator<Uint8Array> | undefined;
  const ended: Writable = response;
  ended.once("close", () => {
    closed.abort();
    budget.close();
    logCall({ path, values, startedAt, response: answer });
    // Nobody reads on: what the route holds for this stream is given up.
    sending?.return(undefined).catch(() => {});
  });
  const { methodKind } = handler.method;
  const body = readBody(request, {
    timeoutMs: exchange.bodyTimeoutMs,
    isMessage: methodKind === "unary" || methodKind === "server_streaming",
    budget,
  });
  const drain = () => drainBody(request, response, body.release());
  async function run(): Promise<void> {
    const call = universalRequestFromNodeRequest(request, response, undefined, values);
    answer = nameAllowedMethods(await handler({ ...call, body: body.chunks }), handler);
    sending = closeWhenStalled(runBeforeEnd(answer, drain), response);
    await universalResponseToNodeResponse({ ...answer, body: sending }, response);
  }
  run().catch((error: unknown) => {
    // The caller disconnected, or sent malformed HTTP.
    logger.debug({ err: error, path }, "cannot send a response");
    if (response.headersSent) {
      ended.destroy();
    } else {
      drain();
      answerJson(response, 400, { code: "invalid_argument" });
    }
  });
}

// RFC 9110 requires the header in a response 405, which the handler leaves out.
function nameAllowedMethods(
  answer: UniversalServerResponse,
  { allowedMethods }: UniversalHandler,
): UniversalServerResponse {
  if (answer.status !== 405) return answer;
  const header = new Headers(answer.header);
  header.set("allow", allowedMethods.join(", "));
  return { ...answer, header };
}

/** Calls a function when the body of a response ends, before the response does. */
async function* runBeforeEnd(
  { body }: UniversalServerResponse,
  onEnd: () => void,
): AsyncGenerator<Uint8Array> {
  try {
    if (body) yield* body;
  } finally {
    onEnd();
  }
}

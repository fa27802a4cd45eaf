import type { Readable, Writable } from "node:stream";
import { createContextValues } from "@connectrpc/connect";
import type { UniversalHandler, UniversalServerResponse } from "@connectrpc/connect/protocol";
import {
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import type { Logger } from "../process/create-logger.ts";
import { answerJson } from "./answer-json.ts";
import { drainBody } from "./drain-body.ts";
import type { NodeRequest, NodeResponse } from "./listen.ts";
import type { LogCall } from "./log-call.ts";

/** A request and its response. */
export interface Exchange {
  /** The path of the request, such as `/greet.v1.GreetService/Greet`. */
  readonly path: string;
  readonly request: NodeRequest;
  readonly response: NodeResponse;
  readonly logger: Logger;
  readonly logCall: LogCall;
}

/** Answers a request with a handler, and logs the call when its response is closed. */
export function answerCall(
  handler: UniversalHandler,
  { path, request, response, logger, logCall }: Exchange,
): void {
  const startedAt = performance.now();
  const values = createContextValues();
  let answer: UniversalServerResponse | undefined;
  const ended: Writable = response;
  ended.once("close", () => logCall({ path, values, startedAt, response: answer }));
  const body = readChunks(request);
  const drain = () => drainBody(request, response, body.return(undefined));
  async function run(): Promise<void> {
    const call = universalRequestFromNodeRequest(request, response, undefined, values);
    answer = nameAllowedMethods(await handler({ ...call, body }), handler);
    await universalResponseToNodeResponse(runBeforeEnd(answer, drain), response);
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

import { setTimeout as sleep } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { type Any, anyPack } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import type { Routes } from "../../src/server/routes.ts";
import {
  BidiStreamRequestSchema,
  ClientStreamRequestSchema,
  ConformancePayload_RequestInfoSchema,
  ConformancePayloadSchema,
  ConformanceService,
  IdempotentUnaryRequestSchema,
  type ConformancePayload_RequestInfo as RequestInfo,
  ServerStreamRequestSchema,
  type StreamResponseDefinition,
  UnaryRequestSchema,
  type UnaryResponseDefinition,
} from "./gen/connectrpc/conformance/v1/service_pb.ts";
import { appendHeaders, createError, listHeaders } from "./messages.ts";

type Definition = UnaryResponseDefinition | StreamResponseDefinition;

/** The timeout of calls that set none, in milliseconds. It exceeds every timeout of the suite. */
export const defaultTimeoutMs = 3_600_000;

// The suite expects to read the timeout that its client has sent.
function readSentTimeout(context: HandlerContext): number | undefined {
  const timeoutMs = context.timeoutMs();
  return timeoutMs === undefined || timeoutMs > defaultTimeoutMs / 2 ? undefined : timeoutMs;
}

function describeRequest(requests: Any[], context: HandlerContext): RequestInfo {
  const timeoutMs = readSentTimeout(context);
  return create(ConformancePayload_RequestInfoSchema, {
    requestHeaders: listHeaders(context.requestHeader),
    requests,
    ...(timeoutMs === undefined ? {} : { timeoutMs: BigInt(Math.trunc(timeoutMs)) }),
  });
}

function setHeaders(definition: Definition | undefined, context: HandlerContext): void {
  appendHeaders(context.responseHeader, definition?.responseHeaders);
  appendHeaders(context.responseTrailer, definition?.responseTrailers);
}

async function answer(
  definition: UnaryResponseDefinition | undefined,
  requests: Any[],
  context: HandlerContext,
) {
  setHeaders(definition, context);
  const requestInfo = describeRequest(requests, context);
  await sleep(definition?.responseDelayMs);
  if (definition?.response.case === "error") {
    const detail = anyPack(ConformancePayload_RequestInfoSchema, requestInfo);
    throw createError(definition.response.value, [detail]);
  }
  const data = definition?.response.value ?? new Uint8Array();
  return { payload: create(ConformancePayloadSchema, { requestInfo, data }) };
}

/** Sends the responses of a definition from this index on, and its error. The first one describes the request. */
async function* answerStream(
  definition: StreamResponseDefinition | undefined,
  requests: Any[],
  { context, from = 0 }: { readonly context: HandlerContext; readonly from?: number },
) {
  const requestInfo = describeRequest(requests, context);
  const responses = definition?.responseData ?? [];
  for (const [index, data] of responses.entries()) {
    if (index < from) continue;
    await sleep(definition?.responseDelayMs);
    const described = index === 0 ? { requestInfo } : {};
    yield { payload: create(ConformancePayloadSchema, { ...described, data }) };
  }
  if (definition?.error === undefined) return;
  const detail = anyPack(ConformancePayload_RequestInfoSchema, requestInfo);
  throw createError(definition.error, responses.length === 0 ? [detail] : []);
}

/** The service of the Connect conformance suite, which answers what each request describes. */
export const conformanceRoutes: Routes = (router) => {
  router.service(ConformanceService, {
    unary: (request, context) =>
      answer(request.responseDefinition, [anyPack(UnaryRequestSchema, request)], context),
    idempotentUnary: (request, context) =>
      answer(request.responseDefinition, [anyPack(IdempotentUnaryRequestSchema, request)], context),
    async clientStream(messages, context) {
      const requests: Any[] = [];
      let definition: UnaryResponseDefinition | undefined;
      for await (const message of messages) {
        definition ??= message.responseDefinition;
        requests.push(anyPack(ClientStreamRequestSchema, message));
      }
      return await answer(definition, requests, context);
    },
    async *serverStream(request, context) {
      const definition = request.responseDefinition;
      setHeaders(definition, context);
      yield* answerStream(definition, [anyPack(ServerStreamRequestSchema, request)], { context });
    },
    async *bidiStream(messages, context) {
      let definition: StreamResponseDefinition | undefined;
      let requests: Any[] = [];
      let from = 0;
      let fullDuplex = false;
      for await (const message of messages) {
        if (definition === undefined) {
          ({ responseDefinition: definition, fullDuplex } = message);
          setHeaders(definition, context);
        }
        requests.push(anyPack(BidiStreamRequestSchema, message));
        if (!fullDuplex) continue;
        const data = definition?.responseData[from];
        if (data === undefined) break;
        await sleep(definition?.responseDelayMs);
        const requestInfo = describeRequest(requests, context);
        yield { payload: create(ConformancePayloadSchema, { requestInfo, data }) };
        from += 1;
        requests = [];
      }
      yield* answerStream(definition, requests, { context, from });
    },
  });
};

import { Code, ConnectError } from "@connectrpc/connect";
import {
  formatReason,
  type HttpAnswer,
  type HttpRequest,
  type Rate,
  type TokenBuckets,
  type TokenVerifier,
} from "@fanfare/service";
import type { PayloadCodec } from "@temporalio/common";
import { convertPayloads } from "./convert-payloads.ts";

/** What a codec server converts, and for whom. */
export interface CodecRules {
  readonly codec: PayloadCodec;
  /** Authenticates callers. Only operators get an answer. */
  readonly verifier: Pick<TokenVerifier, "verify">;
  /** The namespace whose payloads are converted. */
  readonly namespace: string;
  /** The origins of the pages that may call, such as http://127.0.0.1:8233. */
  readonly origins: readonly string[];
  /** Counts the requests of each operator, and those that no operator sent of each address. */
  readonly buckets: TokenBuckets;
}

/** The requests of an operator. A page of Temporal sends one for each part of a history. */
const operatorRate: Rate = { perSecond: 100, burst: 1000 };
/** The refused requests of an address. */
const refusedRate: Rate = { perSecond: 20, burst: 200 };

/**
 * Answers a request of Temporal's codec protocol: POST /encode and /decode. Everything that can be refused
 * is refused before the body is read.
 */
export async function answerCodecRequest(
  request: HttpRequest,
  rules: CodecRules,
): Promise<HttpAnswer> {
  const { origin } = request.headers;
  if (origin !== undefined && !rules.origins.includes(origin)) {
    return refuse(
      403,
      `expected a page of ${rules.origins.join(" or ")}, got one of another origin`,
    );
  }
  const answer = await answerAllowed(request, rules);
  return origin === undefined
    ? answer
    : { ...answer, headers: { ...answer.headers, ...allow(origin) } };
}

async function answerAllowed(request: HttpRequest, rules: CodecRules): Promise<HttpAnswer> {
  const { method, token } = parseTarget(request);
  if (method === undefined) return refuse(404, "expected /encode or /decode, got another path");
  if (request.method === "OPTIONS") return { status: 204, headers: preflight };
  if (request.method !== "POST") {
    return { ...refuse(405, `expected POST, got ${request.method}`), headers: { allow: "POST" } };
  }
  const denied = await checkCaller(token, request, rules);
  if (denied !== undefined) return denied;
  const namespace = request.headers["x-namespace"];
  if (namespace !== rules.namespace) {
    return refuse(403, `expected the header X-Namespace: ${rules.namespace}, got another or none`);
  }
  const body = await request.readBody();
  if (typeof body !== "string") return body;
  try {
    const converted = await convertPayloads(body, (payloads) => rules.codec[method](payloads));
    return { status: 200, headers: { "content-type": "application/json" }, body: converted };
  } catch (error) {
    return refuse(400, formatReason(error));
  }
}

/** Reads what is asked for, and the token: of the header, or the part of the path before the last. */
function parseTarget({ url, headers }: HttpRequest): {
  readonly method?: "encode" | "decode";
  readonly token: string;
} {
  const [, inPath = "", name] = /^(?:\/([\w.-]+))?\/(encode|decode)$/.exec(url) ?? [];
  const [, inHeader] = /^Bearer (\S+)$/i.exec(headers.authorization ?? "") ?? [];
  const token = inHeader ?? inPath;
  return name === "encode" || name === "decode" ? { method: name, token } : { token };
}

/** Returns what to answer instead when the caller is no operator, or sends too many requests. */
async function checkCaller(
  token: string,
  { address }: Pick<HttpRequest, "address">,
  { verifier, buckets }: CodecRules,
): Promise<HttpAnswer | undefined> {
  const challenge = { "www-authenticate": "Bearer" };
  const refuseCaller = (answer: HttpAnswer) => {
    const waitMs = buckets.take(`address ${address}`, refusedRate);
    return waitMs > 0 ? refuseRate(waitMs) : answer;
  };
  if (token === "") {
    const message = "expected the token of an operator: send it as Authorization: Bearer <token>";
    return refuseCaller({ ...refuse(401, message), headers: challenge });
  }
  try {
    const { role, subject } = await verifier.verify(token);
    if (role !== "operator")
      return refuseCaller(refuse(403, `expected an operator, got a ${role}`));
    const waitMs = buckets.take(`operator ${subject}`, operatorRate);
    return waitMs > 0 ? refuseRate(waitMs) : undefined;
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    if (code !== Code.Unauthenticated) return refuse(503, rawMessage);
    return refuseCaller({ ...refuse(401, rawMessage), headers: challenge });
  }
}

function refuseRate(waitMs: number): HttpAnswer {
  const answer = refuse(429, `too many requests: send the next in ${Math.ceil(waitMs)} ms`);
  return { ...answer, headers: { ...answer.headers, "retry-after": toSeconds(waitMs) } };
}

const toSeconds = (ms: number) => String(Math.max(1, Math.ceil(ms / 1000)));

const preflight = {
  "access-control-allow-methods": "POST",
  "access-control-allow-headers": "authorization, content-type, x-namespace",
  "access-control-max-age": "600",
};

function allow(origin: string): Record<string, string> {
  return { "access-control-allow-origin": origin, vary: "Origin" };
}

function refuse(status: number, message: string): HttpAnswer {
  return {
    status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ message }),
  };
}

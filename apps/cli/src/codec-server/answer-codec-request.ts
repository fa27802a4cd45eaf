import type { IncomingMessage } from "node:http";
import { Code, ConnectError } from "@connectrpc/connect";
import { formatReason, type TokenVerifier } from "@fanfare/service";
import type { PayloadCodec } from "@temporalio/common";
import { convertPayloads } from "./convert-payloads.ts";
import { readBody } from "./read-body.ts";

/** What a codec server converts, and for whom. */
export interface CodecRules {
  readonly codec: PayloadCodec;
  /** Authenticates callers. Only operators get an answer. */
  readonly verifier: Pick<TokenVerifier, "verify">;
  /** The namespace whose payloads are converted. */
  readonly namespace: string;
  /** The origins of the pages that may call, such as http://127.0.0.1:8233. */
  readonly origins: readonly string[];
  /** The longest body, in bytes. */
  readonly maxBytes: number;
}

/** An answer of the codec server. */
export interface CodecAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * Answers a request of Temporal's codec protocol: POST /encode and /decode. Everything that can be refused
 * is refused before the body is read.
 */
export async function answerCodecRequest(
  request: IncomingMessage,
  rules: CodecRules,
): Promise<CodecAnswer> {
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

async function answerAllowed(request: IncomingMessage, rules: CodecRules): Promise<CodecAnswer> {
  const { method, token } = parseTarget(request);
  if (method === undefined) return refuse(404, "expected /encode or /decode, got another path");
  if (request.method === "OPTIONS") return { status: 204, headers: preflight };
  if (request.method !== "POST") {
    return { ...refuse(405, `expected POST, got ${request.method}`), headers: { allow: "POST" } };
  }
  const denied = await checkCaller(token, rules.verifier);
  if (denied !== undefined) return denied;
  const namespace = request.headers["x-namespace"];
  if (namespace !== rules.namespace) {
    return refuse(403, `expected the header X-Namespace: ${rules.namespace}, got another or none`);
  }
  const body = await readBody(request, rules.maxBytes);
  if (body === undefined) return refuse(413, `expected a body of at most ${rules.maxBytes} bytes`);
  try {
    const converted = await convertPayloads(body, (payloads) => rules.codec[method](payloads));
    return { status: 200, headers: { "content-type": "application/json" }, body: converted };
  } catch (error) {
    return refuse(400, formatReason(error));
  }
}

/** Reads what is asked for, and the token: of the header, or the part of the path before the last. */
function parseTarget({ url = "", headers }: IncomingMessage): {
  readonly method?: "encode" | "decode";
  readonly token: string;
} {
  const [, inPath = "", name] = /^(?:\/([\w.-]+))?\/(encode|decode)$/.exec(url) ?? [];
  const [, inHeader] = /^Bearer (\S+)$/i.exec(headers.authorization ?? "") ?? [];
  const token = inHeader ?? inPath;
  return name === "encode" || name === "decode" ? { method: name, token } : { token };
}

async function checkCaller(
  token: string,
  verifier: Pick<TokenVerifier, "verify">,
): Promise<CodecAnswer | undefined> {
  const challenge = { "www-authenticate": "Bearer" };
  if (token === "") {
    const message = "expected the token of an operator: send it as Authorization: Bearer <token>";
    return { ...refuse(401, message), headers: challenge };
  }
  try {
    const { role } = await verifier.verify(token);
    return role === "operator" ? undefined : refuse(403, `expected an operator, got a ${role}`);
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    if (code !== Code.Unauthenticated) return refuse(503, rawMessage);
    return { ...refuse(401, rawMessage), headers: challenge };
  }
}

const preflight = {
  "access-control-allow-methods": "POST",
  "access-control-allow-headers": "authorization, content-type, x-namespace",
  "access-control-max-age": "600",
};

function allow(origin: string): Record<string, string> {
  return { "access-control-allow-origin": origin, vary: "Origin" };
}

function refuse(status: number, message: string): CodecAnswer {
  return {
    status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ message }),
  };
}

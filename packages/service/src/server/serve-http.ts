import type { IncomingHttpHeaders } from "node:http";
import { Code, ConnectError } from "@connectrpc/connect";
import { parseProxies, readClientAddress } from "../limits/client-address.ts";
import type { ConnectionLimits } from "../limits/connection-limits.ts";
import { maxMessageBytes } from "../max-message-bytes.ts";
import type { Logger } from "../process/create-logger.ts";
import { type ByteBudget, createByteBudgets } from "./byte-budget.ts";
import { drainBody } from "./drain-body.ts";
import { explainListenError } from "./explain-listen-error.ts";
import { formatUrl } from "./format-url.ts";
import { listen, type NodeRequest, type NodeResponse } from "./listen.ts";
import { readBody } from "./read-body.ts";

/** A request over HTTP/1.1 or HTTP/2. */
export interface HttpRequest {
  readonly method: string;
  /** The target, such as `/encode?pretty`. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** The address of the client, of which an IPv6 network of 64 bits is one. */
  readonly address: string;
  /** Reads the body as UTF-8. Returns the answer to send instead when it is too long or too late. */
  readonly readBody: () => Promise<string | HttpAnswer>;
}

/** The answer to a request. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The handler of a plain HTTP server, and its limits. */
export interface ServeHttpOptions {
  readonly host: string;
  /** 0 chooses a free port. */
  readonly port: number;
  readonly handle: (request: HttpRequest) => Promise<HttpAnswer>;
  readonly logger: Logger;
  /** The longest body, in bytes. Default: 1 MiB. */
  readonly readMaxBytes?: number;
  /** The bodies that are read at the same time, of all requests, in bytes. Default: 64 MiB. */
  readonly maxBodyBytes?: number;
  /** The time in which a body has to arrive, in milliseconds. Default: 15,000. */
  readonly bodyTimeoutMs?: number;
  /** The limits of the connections. */
  readonly connectionLimits?: Partial<ConnectionLimits>;
  /** The proxies whose `x-forwarded-for` names the client's address, as in `ServeOptions`. Default: none. */
  readonly trustedProxies?: readonly string[];
}

/** A running plain HTTP server. */
export interface HttpServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
}

/**
 * Serves plain HTTP with the limits of `serve`, for protocols that are not Connect. A handler that rejects
 * is logged and answered with 500. Rejects when the port cannot be used.
 *
 * @example
 * const server = await serveHttp({
 *   host: "127.0.0.1",
 *   port: 8234,
 *   handle: async ({ readBody }) => {
 *     const body = await readBody();
 *     return typeof body === "string" ? { status: 200, body: body.toUpperCase() } : body;
 *   },
 *   logger,
 * });
 * server.url; // "http://127.0.0.1:8234"
 */
export async function serveHttp(options: ServeHttpOptions): Promise<HttpServer> {
  const { host, port, handle, logger } = options;
  const { readMaxBytes = maxMessageBytes, bodyTimeoutMs = 15_000 } = options;
  const openBudget = createByteBudgets(options.maxBodyBytes ?? 64 * 1024 * 1024);
  const proxies = parseProxies(options.trustedProxies ?? []);

  async function answer(request: NodeRequest, response: NodeResponse): Promise<void> {
    using opened = new DisposableStack();
    const budget = opened.adopt(openBudget(), (one) => one.close());
    const limits = { maxBytes: readMaxBytes, timeoutMs: bodyTimeoutMs, budget };
    const { socket, headers, method = "", url = "" } = request;
    let body: TextReader | undefined;
    const result = await handle({
      method,
      url,
      headers,
      address: readClientAddress(socket.remoteAddress, { headers, proxies }),
      readBody() {
        body ??= openText(request, limits);
        return body.text;
      },
    }).catch((error: unknown): HttpAnswer => {
      logger.error({ err: error }, "cannot answer a request");
      return { status: 500 };
    });
    drainBody(request, response, body?.release());
    response.statusCode = result.status;
    for (const [name, value] of Object.entries(result.headers ?? {})) {
      response.setHeader(name, value);
    }
    response.end(result.body ?? "");
  }

  const listener = await listen((request, response) => void answer(request, response), {
    host,
    port,
    limits: options.connectionLimits,
    isTrusted: (address) => proxies.has(address),
  }).catch((error: unknown) => {
    throw explainListenError(error, { host, port });
  });
  return {
    url: formatUrl({ host, port: listener.port }),
    port: listener.port,
    async [Symbol.asyncDispose]() {
      const closed = listener.close();
      listener.destroy();
      await closed;
    },
  };
}

interface TextLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly budget: ByteBudget;
}

interface TextReader {
  readonly text: Promise<string | HttpAnswer>;
  /** Stops reading. Resolves when another may read the rest. */
  release(): Promise<void>;
}

function openText(request: NodeRequest, { maxBytes, timeoutMs, budget }: TextLimits): TextReader {
  const tooLong = refuse(413, `expected a body of at most ${maxBytes} bytes: send less`);
  let length = Number(request.headers["content-length"] ?? 0);
  if (length > maxBytes) return { text: Promise.resolve(tooLong), release: async () => {} };
  length = 0;
  const counted: ByteBudget = {
    ...budget,
    take(bytes) {
      length += bytes;
      if (length > maxBytes) throw new ConnectError("too long", Code.OutOfRange);
      budget.take(bytes);
    },
  };
  const body = readBody(request, { timeoutMs, isMessage: true, budget: counted });
  async function read(): Promise<string | HttpAnswer> {
    try {
      const parts: Uint8Array[] = [];
      for await (const chunk of body.chunks) parts.push(chunk);
      return Buffer.concat(parts).toString();
    } catch (error) {
      const { code, rawMessage } = ConnectError.from(error);
      if (code === Code.OutOfRange) return tooLong;
      if (code === Code.DeadlineExceeded) return refuse(408, rawMessage);
      if (code !== Code.ResourceExhausted) return refuse(400, "expected a whole body");
      return refuse(503, rawMessage, { "retry-after": "1" });
    }
  }
  return { text: read(), release: () => body.release() };
}

function refuse(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  return {
    status,
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ message }),
  };
}

import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { answerCodecRequest, type CodecAnswer, type CodecRules } from "./answer-codec-request.ts";

/** Options of {@link startCodecServer}. */
export interface CodecServerOptions extends Omit<CodecRules, "maxBytes"> {
  readonly host: string;
  /** 0 chooses a free port. */
  readonly port: number;
  /** How long a request may take to arrive, in milliseconds. Default: 10,000. */
  readonly requestTimeoutMs?: number;
}

/** A running codec server. */
export interface CodecServer extends AsyncDisposable {
  /** Such as http://127.0.0.1:8234. */
  readonly url: string;
}

/** Above what Temporal stores in an event, 2 MiB, in base64. */
const maxBytes = 8 * 1024 * 1024;
const maxConnections = 64;

/** Starts an HTTP server that encrypts and decrypts payloads for Temporal's page and command line. */
export async function startCodecServer(options: CodecServerOptions): Promise<CodecServer> {
  const { host, port, requestTimeoutMs = 10_000 } = options;
  const rules = { ...options, maxBytes };
  const server = createServer(
    {
      requestTimeout: requestTimeoutMs,
      headersTimeout: requestTimeoutMs,
      keepAliveTimeout: 5_000,
      connectionsCheckingInterval: Math.min(1_000, requestTimeoutMs),
    },
    (request, response) => {
      answerCodecRequest(request, rules).then(
        (answer) => send(response, answer),
        // The body did not arrive: the server has answered already, or nobody waits.
        () => request.destroy(),
      );
    },
  );
  server.maxConnections = maxConnections;
  server.listen(port, host);
  await once(server, "listening");
  const address = server.address();
  const bound = typeof address === "object" ? address?.port : undefined;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** Sends an answer, and closes the connection unless the request was read to its end. */
function send(response: ServerResponse, { status, headers, body = "" }: CodecAnswer): void {
  const unread = !response.req.complete;
  response.writeHead(status, {
    ...headers,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(unread && { connection: "close" }),
  });
  response.end(body);
}

import {
  type ConnectionLimits,
  createLogger,
  createTokenBuckets,
  type HttpServer,
  serveHttp,
} from "@fanfare/service";
import { answerCodecRequest, type CodecRules } from "./answer-codec-request.ts";

/** Options of {@link startCodecServer}. */
export interface CodecServerOptions extends Omit<CodecRules, "buckets"> {
  readonly host: string;
  /** 0 chooses a free port. */
  readonly port: number;
  /** How long a body may take to arrive, in milliseconds. Default: 10,000. */
  readonly bodyTimeoutMs?: number;
  /** The proxies whose `x-forwarded-for` names the caller's address. Default: none. */
  readonly trustedProxies?: readonly string[];
}

/** Above what Temporal stores in an event, 2 MiB, in base64. */
const readMaxBytes = 8 * 1024 * 1024;
const maxBodyBytes = 32 * 1024 * 1024;
const connectionLimits: Partial<ConnectionLimits> = {
  maxConnections: 256,
  maxConnectionsPerAddress: 64,
};
const maxCallers = 10_000;
const headers = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

/** Starts an HTTP server that encrypts and decrypts payloads for Temporal's page and command line. */
export async function startCodecServer(options: CodecServerOptions): Promise<HttpServer> {
  const { host, port, bodyTimeoutMs = 10_000, trustedProxies = [] } = options;
  const rules = { ...options, buckets: createTokenBuckets(maxCallers) };
  return await serveHttp({
    host,
    port,
    bodyTimeoutMs,
    readMaxBytes,
    maxBodyBytes,
    connectionLimits,
    trustedProxies,
    logger: createLogger({ name: "codec-server", level: "warn" }),
    async handle(request) {
      const answer = await answerCodecRequest(request, rules);
      return { ...answer, headers: { ...answer.headers, ...headers } };
    },
  });
}

import { once } from "node:events";
import { readFileSync } from "node:fs";
import {
  type ClientHttp2Stream,
  connect,
  createSecureServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { CertificateFiles } from "@fanfare/dev-stack";

/** A Temporal server that authenticates its clients and lets none of them administer it. */
export interface RestrictedTemporal extends AsyncDisposable {
  readonly address: string;
  /** Accepts only clients with this API key from now on. */
  requireKey(apiKey: string): void;
  /** Returns the method of each request that was accepted with this API key. */
  listAccepted(apiKey: string): readonly string[];
}

const unauthenticated = "16";
const permissionDenied = "7";
const hopByHop = ["connection", "te", "transfer-encoding", "host"];

/**
 * Starts a proxy before a development server, with what Temporal Cloud requires: TLS, a client certificate
 * when `clientCertificates` is set, and an API key. It denies every request to the operator service.
 */
export async function startRestrictedTemporal(options: {
  /** The address of the development server. */
  readonly target: string;
  readonly files: CertificateFiles;
  readonly apiKey: string;
  readonly clientCertificates?: boolean;
}): Promise<RestrictedTemporal> {
  const { target, files, clientCertificates = false } = options;
  let { apiKey } = options;
  const accepted: { readonly key: string; readonly method: string }[] = [];
  const upstream = connect(`http://${target}`);
  upstream.on("error", () => {});
  const server = createSecureServer({
    cert: readFileSync(files.certFile),
    key: readFileSync(files.keyFile),
    ca: readFileSync(files.caFile),
    requestCert: clientCertificates,
    rejectUnauthorized: clientCertificates,
  });
  server.on("sessionError", () => {});
  server.on("session", (session) => session.on("error", () => {}));
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    const method = headers[":path"] ?? "";
    if (headers.authorization !== `Bearer ${apiKey}`) return refuse(stream, unauthenticated);
    if (method.includes("operatorservice")) return refuse(stream, permissionDenied);
    accepted.push({ key: apiKey, method });
    forward(stream, upstream.request(omitHopByHop(headers)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    address: `127.0.0.1:${port}`,
    requireKey(key) {
      apiKey = key;
    },
    listAccepted: (key) => accepted.filter((one) => one.key === key).map(({ method }) => method),
    async [Symbol.asyncDispose]() {
      upstream.destroy();
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}

function refuse(stream: ServerHttp2Stream, status: string): void {
  const headers = {
    ":status": 200,
    "content-type": "application/grpc",
    "grpc-status": status,
    "grpc-message": "Request unauthorized.",
  };
  stream.respond(headers, { endStream: true });
}

function forward(stream: ServerHttp2Stream, request: ClientHttp2Stream): void {
  let trailers: OutgoingHttpHeaders = {};
  request.on("response", (headers, flags) => {
    const endStream = (flags & 1) === 1;
    stream.respond(headers, { waitForTrailers: !endStream, endStream });
    request.pipe(stream);
  });
  request.on("trailers", (received) => {
    trailers = received;
  });
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  request.on("error", () => stream.destroy());
  stream.on("close", () => request.close());
  stream.pipe(request);
}

function omitHopByHop(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const entries = Object.entries(headers).filter(([name]) => !hopByHop.includes(name));
  return { ...Object.fromEntries(entries), te: "trailers" };
}

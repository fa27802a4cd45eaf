import { once } from "node:events";
import type { ClientHttp2Session, OutgoingHttpHeaders } from "node:http2";
import { connect, constants } from "node:http2";
import { connect as connectTcp } from "node:net";
import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Echo } from "../../test/echo.ts";
import { startEcho } from "../../test/echo.ts";
import { EchoService } from "../gen/fanfare/echo/v1/echo_pb.ts";

const mebibyte = Buffer.alloc(1024 * 1024, "x");
const say = "/fanfare.echo.v1.EchoService/Say";
// Node.js limits what a client may have waiting to be sent, in megabytes.
const clientOptions = { maxSessionMemory: 1000 };

interface Refused {
  readonly headers: OutgoingHttpHeaders;
  readonly status: number;
  readonly text: string;
  /** Whether the request is one to the health port. */
  readonly health?: boolean;
}

const requests: Record<string, Refused> = {
  "a Connect call without a token": {
    headers: { ":path": say, "content-type": "application/json" },
    status: 401,
    text: "unauthenticated",
  },
  "a gRPC call without a token": {
    headers: { ":path": say, "content-type": "application/grpc", te: "trailers" },
    status: 200,
    text: "",
  },
  "an unknown path": { headers: { ":path": "/nowhere" }, status: 404, text: "unimplemented" },
  "an unknown content type": {
    headers: { ":path": say, "content-type": "text/plain" },
    status: 415,
    text: "",
  },
  "/healthz": { headers: { ":path": "/healthz" }, status: 200, text: "alive", health: true },
};

const clients = {
  Connect: ({ server, asRider }: Echo) =>
    createConnectTransport({
      baseUrl: server.url,
      httpVersion: "2",
      interceptors: [asRider],
      nodeOptions: clientOptions,
    }),
  gRPC: ({ server, asRider }: Echo) =>
    createGrpcTransport({
      baseUrl: server.url,
      interceptors: [asRider],
      nodeOptions: clientOptions,
    }),
};

async function openSession(
  { server }: Echo,
  health = false,
): Promise<ClientHttp2Session & Disposable> {
  const session = connect((health ? server.healthUrl : server.url) ?? "", clientOptions);
  await once(session, "connect");
  return Object.assign(session, { [Symbol.dispose]: () => session.destroy() });
}

interface Exchange {
  readonly status: number | undefined;
  readonly text: string;
  /** The code with which the server closed the stream. */
  readonly rstCode: number;
  /** How much of the body was sent before the stream was closed. */
  readonly mebibytes: number;
}

/** Sends a body, ends it unless `unended`, and waits until the stream is closed. */
async function send(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body: { readonly mebibytes: number; readonly unended?: () => void },
): Promise<Exchange> {
  const stream = session.request({ ":method": "POST", ...headers }, { endStream: false });
  let status: number | undefined;
  let text = "";
  let mebibytes = 0;
  stream.once("response", (response) => (status = response[":status"]));
  stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  for (let sent = 0; sent < body.mebibytes; sent += 1) {
    stream.write(mebibyte, (error) => (mebibytes += error ? 0 : 1));
  }
  if (body.unended === undefined) stream.end();
  else stream.once("end", body.unended);
  await once(stream, "close");
  return { status, text, rstCode: stream.rstCode, mebibytes };
}

describe("serve(), answering over HTTP/2 before the end of a body", () => {
  afterEach(() => void vi.useRealTimers());

  it.each(Object.entries(requests))(
    "discards the body of %s, and closes the stream without an error",
    async (_name, { headers, status, text, health }) => {
      await using echo = await startEcho();
      using session = await openSession(echo, health);
      for (let call = 0; call < 7; call += 1) {
        const exchange = await send(session, headers, { mebibytes: 2 });
        expect(exchange).toMatchObject({
          status,
          text: expect.stringContaining(text),
          rstCode: constants.NGHTTP2_NO_ERROR,
        });
        expect(exchange.mebibytes).toBeGreaterThan(0);
      }
    },
  );

  it.each(Object.entries(requests))(
    "closes the stream of %s without an error when its body does not end in time",
    async (_name, { headers, status, text, health }) => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      await using echo = await startEcho();
      using session = await openSession(echo, health);
      const exchange = await send(session, headers, {
        mebibytes: 40,
        unended: () => vi.advanceTimersByTime(2000),
      });
      expect(exchange).toMatchObject({
        status,
        text: expect.stringContaining(text),
        rstCode: constants.NGHTTP2_NO_ERROR,
      });
      expect(exchange.mebibytes).toBeLessThan(20);
      const next = await send(session, headers, { mebibytes: 1 });
      expect(next.status).toBe(status);
    },
  );

  it.each(Object.entries(clients))(
    "keeps a connection of %s usable after calls over the limit",
    async (_name, createTransport) => {
      await using echo = await startEcho();
      const client = createClient(EchoService, createTransport(echo));
      const large = { text: "x".repeat(2 * mebibyte.length) };
      for (let round = 0; round < 2; round += 1) {
        const calls = await Promise.allSettled(Array.from({ length: 6 }, () => client.say(large)));
        for (const call of calls) {
          expect(call).toMatchObject({ reason: { code: Code.ResourceExhausted } });
        }
        expect((await client.say({ text: "small" })).text).toBe("small");
      }
    },
  );
});

describe("serve(), answering over HTTP/1.1 before the end of a body", () => {
  afterEach(() => void vi.useRealTimers());

  it.each([say, "/nowhere"])(
    "closes the connection when the body of %s does not end in time",
    async (path) => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      await using echo = await startEcho();
      const socket = connectTcp(echo.server.port, "127.0.0.1");
      socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf`);
      const [answer] = await once(socket, "data");
      expect(String(answer)).toMatch(/^HTTP\/1.1 /);
      vi.advanceTimersByTime(2000);
      await once(socket, "close");
    },
  );
});

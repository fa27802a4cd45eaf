import type { ServerHttp2Stream } from "node:http2";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { startEcho } from "../../test/echo.ts";
import { startFixedResponseServer } from "../../test/fixed-response-server.ts";
import { EchoService, SayResponseSchema } from "../gen/fanfare/echo/v1/echo_pb.ts";
import { createServiceTransport, type ServiceTransportOptions } from "./service-transport.ts";

const proto = { ":status": 200, "content-type": "application/proto" };
const gzip = { ...proto, "content-encoding": "gzip" };
const html = (status: number) => ({ ":status": status, "content-type": "text/html" });
const mebibyte = Buffer.alloc(1024 * 1024);

/** Calls a server that sends this response, and returns the result or the error. */
async function call(
  respond: (stream: ServerHttp2Stream) => void,
  options: Partial<ServiceTransportOptions> = {},
): Promise<unknown> {
  await using server = await startFixedResponseServer(respond);
  using transport = createServiceTransport({ baseUrl: server.url, ...options });
  return await createClient(EchoService, transport)
    .say({ text: "x" })
    .catch((error: unknown) => error);
}

const fixed = (headers: object, body: string | Uint8Array) => (stream: ServerHttp2Stream) => {
  stream.respond({ ...headers });
  stream.end(body);
};

describe("a response over the limit", () => {
  it("is resource_exhausted, and the next call succeeds", async () => {
    await using echo = await startEcho();
    const { url: baseUrl } = echo.server;
    const options = { baseUrl, interceptors: [echo.asRider] };
    using small = createServiceTransport({ ...options, readMaxBytes: 1_000 });
    const client = createClient(EchoService, small);
    const refusal = client.say({ text: "x".repeat(2_000) });
    await expect(refusal).rejects.toMatchObject({
      code: Code.ResourceExhausted,
      rawMessage: expect.stringMatching(
        new RegExp(`^${baseUrl} sent an unreadable response.* 1000`),
      ),
    });
    expect((await client.say({ text: "small" })).text).toBe("small");
  });

  it("exceeds 1 MiB by default, before and after decompression", async () => {
    for (const respond of [fixed(proto, mebibyte), fixed(gzip, gzipSync(mebibyte))]) {
      expect(await call(respond)).not.toMatchObject({ code: Code.ResourceExhausted });
    }
    const larger = Buffer.concat([mebibyte, Buffer.alloc(1)]);
    for (const respond of [fixed(proto, larger), fixed(gzip, gzipSync(larger))]) {
      expect(await call(respond)).toMatchObject({ code: Code.ResourceExhausted });
    }
  });

  it("is aborted when it does not end", async () => {
    const closed = Promise.withResolvers<void>();
    let mebibytes = 0;
    async function* endless() {
      for (;;) {
        mebibytes += 1;
        yield mebibyte;
      }
    }
    const failure = await call((stream) => {
      stream.respond(proto);
      stream.once("close", closed.resolve);
      Readable.from(endless()).pipe(stream);
    });
    expect(failure).toMatchObject({ code: Code.ResourceExhausted });
    await closed.promise;
    expect(mebibytes).toBeLessThan(100);
  });

  it("is resource_exhausted as an error response, too", async () => {
    const json = { ":status": 400, "content-type": "application/json" };
    const body = JSON.stringify({ code: "failed_precondition", message: "x".repeat(2_000_000) });
    expect(await call(fixed(json, body))).toMatchObject({ code: Code.ResourceExhausted });
  });
});

describe("a response that cannot be read", () => {
  it.each([
    ["no protobuf", fixed(proto, Buffer.from([255, 255, 255])), Code.Internal],
    ["no gzip", fixed(gzip, "plain"), Code.Internal],
    ["a proxy's page", fixed(html(200), "<html>"), Code.Unknown],
    ["a proxy's refusal", fixed(html(403), "<html>"), Code.Internal],
    ["a proxy without such a page", fixed(html(404), "<html>"), Code.Unimplemented],
    ["another encoding", fixed({ ...proto, "content-encoding": "zip" }, "x"), Code.Internal],
    [
      "a stream",
      fixed({ ...proto, "content-type": "application/connect+proto" }, ""),
      Code.Internal,
    ],
  ])("is no refusal: %s", async (_, respond, code) => {
    const failure = await call(respond);
    expect(failure).toBeInstanceOf(ConnectError);
    expect(failure).toMatchObject({
      code,
      rawMessage: expect.stringMatching(/^http:.*sent an unreadable response: ./),
    });
  });
});

describe("a response of a service", () => {
  it("keeps the code and message of a refusal", async () => {
    await using echo = await startEcho({ say: refuse });
    using transport = createServiceTransport({
      baseUrl: echo.server.url,
      interceptors: [echo.asRider],
    });
    const client = createClient(EchoService, transport);
    await expect(client.say({ text: "x" })).rejects.toMatchObject({
      code: Code.FailedPrecondition,
      rawMessage: "not today",
    });
    await expect(client.say({ text: "" })).rejects.toMatchObject({ code: Code.InvalidArgument });
  });

  it("is read", async () => {
    const message = toBinary(SayResponseSchema, {
      $typeName: "fanfare.echo.v1.SayResponse",
      text: "hello",
    });
    expect(await call(fixed(gzip, gzipSync(message)))).toMatchObject({ text: "hello" });
  });
});

function refuse(): never {
  throw new ConnectError("not today", Code.FailedPrecondition);
}

import type { ServerHttp2Stream } from "node:http2";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { startEcho } from "../../test/echo.ts";
import { startAnswering } from "../../test/fixed-response-server.ts";
import { EchoService, SayResponseSchema } from "../gen/fanfare/echo/v1/echo_pb.ts";
import { createServiceTransport, type ServiceTransportOptions } from "./service-transport.ts";

const proto = { ":status": 200, "content-type": "application/proto" };
const gzip = { ...proto, "content-encoding": "gzip" };
const html = (status: number) => ({ ":status": status, "content-type": "text/html" });
const mebibyte = Buffer.alloc(1024 * 1024);

/** answered is what a call ends with whose answer is this. */
async function answered(
  answer: (stream: ServerHttp2Stream) => void,
  options: Partial<ServiceTransportOptions> = {},
): Promise<unknown> {
  await using server = await startAnswering(answer);
  using transport = createServiceTransport({ baseUrl: server.url, ...options });
  return await createClient(EchoService, transport)
    .say({ text: "x" })
    .catch((error: unknown) => error);
}

const fixed = (headers: object, body: string | Uint8Array) => (stream: ServerHttp2Stream) => {
  stream.respond({ ...headers });
  stream.end(body);
};

describe("an answer over the limit", () => {
  it("is resource_exhausted, from a service that is otherwise right", async () => {
    await using echo = await startEcho();
    const { url: baseUrl } = echo.server;
    const options = { baseUrl, interceptors: [echo.asRider] };
    using small = createServiceTransport({ ...options, readMaxBytes: 1_000 });
    const client = createClient(EchoService, small);
    const refusal = client.say({ text: "x".repeat(2_000) });
    await expect(refusal).rejects.toMatchObject({
      code: Code.ResourceExhausted,
      rawMessage: expect.stringMatching(new RegExp(`^${baseUrl} gave no answer .* 1000`)),
    });
    expect((await client.say({ text: "small" })).text).toBe("small");
  });

  it("is 1 MiB unless told, before and after decompression", async () => {
    for (const answer of [fixed(proto, mebibyte), fixed(gzip, gzipSync(mebibyte))]) {
      expect(await answered(answer)).not.toMatchObject({ code: Code.ResourceExhausted });
    }
    const larger = Buffer.concat([mebibyte, Buffer.alloc(1)]);
    for (const answer of [fixed(proto, larger), fixed(gzip, gzipSync(larger))]) {
      expect(await answered(answer)).toMatchObject({ code: Code.ResourceExhausted });
    }
  });

  it("is not waited for: one without an end is broken off", async () => {
    const closed = Promise.withResolvers<void>();
    let mebibytes = 0;
    async function* endless() {
      for (;;) {
        mebibytes += 1;
        yield mebibyte;
      }
    }
    const failure = await answered((stream) => {
      stream.respond(proto);
      stream.once("close", closed.resolve);
      Readable.from(endless()).pipe(stream);
    });
    expect(failure).toMatchObject({ code: Code.ResourceExhausted });
    await closed.promise;
    expect(mebibytes).toBeLessThan(100);
  });

  it("is resource_exhausted as an error, too", async () => {
    const json = { ":status": 400, "content-type": "application/json" };
    const body = JSON.stringify({ code: "failed_precondition", message: "x".repeat(2_000_000) });
    expect(await answered(fixed(json, body))).toMatchObject({ code: Code.ResourceExhausted });
  });
});

describe("an answer that cannot be read", () => {
  it.each([
    ["no protobuf", fixed(proto, Buffer.from([255, 255, 255])), Code.Internal],
    ["no gzip", fixed(gzip, "plain"), Code.Internal],
    ["a proxy's page", fixed(html(200), "<html>"), Code.Unknown],
    ["a proxy's refusal", fixed(html(403), "<html>"), Code.Internal],
    ["a proxy that knows no such page", fixed(html(404), "<html>"), Code.Unimplemented],
    ["of another encoding", fixed({ ...proto, "content-encoding": "zip" }, "x"), Code.Internal],
    [
      "a stream's",
      fixed({ ...proto, "content-type": "application/connect+proto" }, ""),
      Code.Internal,
    ],
  ])("is nobody's refusal: %s", async (_, answer, code) => {
    const failure = await answered(answer);
    expect(failure).toBeInstanceOf(ConnectError);
    expect(failure).toMatchObject({
      code,
      rawMessage: expect.stringMatching(/^http:.*gave no answer that can be read: ./),
    });
  });
});

describe("an answer of a service", () => {
  it("stays what it is, a refusal with its code and words", async () => {
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
    expect(await answered(fixed(gzip, gzipSync(message)))).toMatchObject({ text: "hello" });
  });
});

function refuse(): never {
  throw new ConnectError("not today", Code.FailedPrecondition);
}

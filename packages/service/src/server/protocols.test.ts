import { once } from "node:events";
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { describe, expect, it } from "vitest";
import type { Echo } from "../../test/echo.ts";
import { startEcho } from "../../test/echo.ts";

const say = "/fanfare.echo.v1.EchoService/Say";
const unknownPaths = ["/fanfare.echo.v1.EchoService/Shout", "/x.Y/Z", "/nowhere"];

// SayRequest { text: "hello" } in an envelope: a flag, the length and the message.
const hello = Buffer.from("\0\0\0\0\u0007\n\u0005hello");

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly text: string;
}

/** Sends a request over HTTP/2. Default: a POST. */
async function send(
  { server }: Echo,
  headers: OutgoingHttpHeaders,
  body: Uint8Array | string = "",
): Promise<Answer> {
  const session = connectHttp2(server.url);
  const stream = session.request({ ":method": "POST", ...headers });
  let text = "";
  let trailers: IncomingHttpHeaders = {};
  stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  stream.on("trailers", (received) => (trailers = received));
  if (!stream.writableEnded) stream.end(body);
  const [received] = await once(stream, "response");
  await once(stream, "close");
  session.destroy();
  return { headers: received, trailers, text };
}

/** Sends the head of a request over HTTP/1.1 and returns the response. */
async function sendHead(port: number, requestLine: string): Promise<string> {
  const socket = connectTcp(port, "127.0.0.1");
  socket.write(`${requestLine} HTTP/1.1\r\nhost: elsewhere\r\nconnection: close\r\n\r\n`);
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  await once(socket, "close");
  return text;
}

describe("a call of an unknown method", () => {
  it.each(unknownPaths)("of %s is unimplemented over gRPC, in trailers", async (path) => {
    await using echo = await startEcho();
    for (const type of ["application/grpc", "application/grpc+proto", "application/grpc+json"]) {
      const answer = await send(echo, { ":path": path, "content-type": type, te: "trailers" });
      expect(answer.headers).toMatchObject({
        ":status": 200,
        "content-type": expect.stringContaining("application/grpc"),
      });
      expect(answer.trailers).toMatchObject({ "grpc-status": "12" });
      expect(decodeURIComponent(String(answer.trailers["grpc-message"]))).toContain(path);
    }
  });

  it.each(unknownPaths)("of %s is unimplemented over gRPC-Web, in its body", async (path) => {
    await using echo = await startEcho();
    const answer = await send(echo, {
      ":path": path,
      "content-type": "application/grpc-web+proto",
    });
    expect(answer.headers).toMatchObject({ ":status": 200 });
    expect(answer.text).toContain("grpc-status: 12");
  });

  it.each(unknownPaths)("of %s is unimplemented over Connect, in JSON", async (path) => {
    await using echo = await startEcho();
    for (const type of ["application/json", "application/proto", "application/connect+proto"]) {
      const answer = await send(echo, { ":path": path, "content-type": type });
      expect(answer.headers).toMatchObject({ ":status": 404, "content-type": "application/json" });
      expect(JSON.parse(answer.text)).toMatchObject({ code: "unimplemented" });
    }
  });

  it("is logged with its path", async () => {
    await using echo = await startEcho();
    await send(echo, { ":path": "/x.Y/Z", "content-type": "application/grpc" });
    await expect
      .poll(() => echo.lines.find(({ msg }) => msg === "call"))
      .toMatchObject({ method: "x.Y/Z", code: "unimplemented", level: 30 });
  });
});

describe("a call that differs from its protocol", () => {
  it.each([
    ["a content type that no protocol has", { "content-type": "text/plain" }, 415],
    ["a codec that gRPC does not have", { "content-type": "application/grpc+thrift" }, 415],
    ["the method PUT", { ":method": "PUT", "content-type": "application/json" }, 405],
    ["GET for a method with side effects", { ":method": "GET" }, 405],
  ])("with %s is refused by its HTTP status", async (_name, headers, status) => {
    await using echo = await startEcho();
    expect((await send(echo, { ":path": say, ...headers })).headers[":status"]).toBe(status);
  });

  it("with another HTTP method learns the allowed ones", async () => {
    await using echo = await startEcho();
    const { headers } = await send(echo, { ":method": "GET", ":path": say });
    expect(headers).toMatchObject({ ":status": 405, allow: "POST" });
  });

  it.each([
    ["a compression that the server lacks", { "grpc-encoding": "zstd" }, "12"],
    ["a malformed timeout", { "grpc-timeout": "soon" }, "3"],
    ["no te header", {}, "0"],
  ])("with %s has a gRPC status", async (_name, headers, status) => {
    await using echo = await startEcho();
    const authorization = `Bearer ${await echo.issuer.mint()}`;
    const call = { ":path": say, "content-type": "application/grpc", authorization, ...headers };
    const answer = await send(echo, call, hello);
    expect(answer.headers[":status"]).toBe(200);
    expect(answer.trailers["grpc-status"]).toBe(status);
  });
});

describe("a request target", () => {
  it.each([
    ["GET http://elsewhere/nowhere", "404", "unimplemented"],
    [`POST http://elsewhere${say}`, "415", ""],
    ["OPTIONS *", "204", "allow: GET, HEAD, OPTIONS, POST"],
  ])("can be %s", async (requestLine, status, text) => {
    await using echo = await startEcho();
    const answer = await sendHead(echo.server.port, requestLine);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain(text);
  });

  it.each([
    ["GET http://elsewhere/healthz", "200", "alive"],
    ["GET https://elsewhere:8080/healthz?full=1", "200", "alive"],
    ["GET http://elsewhere/readyz", "200", "ready"],
    ["GET /healthz?full=1", "200", "alive"],
    ["GET http://elsewhere/nowhere", "404", "unimplemented"],
    ["OPTIONS /healthz", "204", "allow: GET, HEAD, OPTIONS"],
  ])("of the health port can be %s", async (requestLine, status, text) => {
    await using echo = await startEcho();
    const { port = "" } = URL.parse(echo.server.healthUrl ?? "") ?? {};
    const answer = await sendHead(Number(port), requestLine);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain(text);
  });

  it("is answered without a body for HEAD", async () => {
    await using echo = await startEcho();
    const [head, body] = (await sendHead(echo.server.port, "HEAD /nowhere")).split("\r\n\r\n");
    expect(head).toMatch(/^HTTP\/1.1 404 /);
    expect(body).toBe("");
    const answer = await send(echo, { ":method": "HEAD", ":path": "/nowhere" });
    expect(answer.headers[":status"]).toBe(404);
    expect(answer.text).toBe("");
  });

  it.each(["/healthz", "/readyz", "/metrics", "/grpc.health.v1.Health/Check"])(
    "of health is unknown on the port of the calls: %s",
    async (path) => {
      await using echo = await startEcho({}, { metrics: async () => "up 1" });
      expect((await fetch(echo.server.url + path)).status).toBe(404);
      const call = { ":path": path, "content-type": "application/grpc", te: "trailers" };
      expect((await send(echo, call)).trailers["grpc-status"]).toBe("12");
    },
  );
});

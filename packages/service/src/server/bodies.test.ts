import { once } from "node:events";
import { constants, type OutgoingHttpHeaders } from "node:http2";
import { Readable } from "node:stream";
import { brotliCompressSync, gzipSync, constants as zlibConstants } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Echo, startEcho } from "../../test/echo.ts";
import { openHttp2, openSocket } from "../../test/open-raw.ts";
import { readBody } from "./read-body.ts";

const compressBrotli = (bytes: Uint8Array) =>
  brotliCompressSync(bytes, { params: { [zlibConstants.BROTLI_PARAM_QUALITY]: 1 } });

const path = "/fanfare.echo.v1.EchoService/Say";
const types = ["application/json", "application/grpc", "application/grpc-web+proto"];

async function authorize({ issuer }: Echo): Promise<OutgoingHttpHeaders> {
  return { authorization: `Bearer ${await issuer.mint()}` };
}

/** Starts a call over HTTP/2 whose body does not end, and resolves to its answer. */
async function sendUnended(echo: Echo, headers: OutgoingHttpHeaders, body: Uint8Array | string) {
  using session = await openHttp2(echo.server.url);
  const stream = session.request(
    { ":method": "POST", ":path": path, ...headers },
    { endStream: false },
  );
  let text = "";
  let status = "";
  stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  stream.on("response", (response) => (status = `${response[":status"]} `));
  stream.on("trailers", (trailers) => (status += `grpc ${trailers["grpc-status"]}`));
  stream.write(body);
  await once(stream, "close");
  return { text: status + text, code: stream.rstCode };
}

describe.concurrent("refused before read: a body that does not end", () => {
  it.each(types)("of a call with a token ends after the limit, over HTTP/2 as %s", async (type) => {
    await using echo = await startEcho({}, { bodyTimeoutMs: 50 });
    const headers = { "content-type": type, te: "trailers", ...(await authorize(echo)) };
    const { text, code } = await sendUnended(echo, headers, "{");
    expect(text).toMatch(/deadline_exceeded|grpc 4|grpc-status: 4/);
    expect(code).toBe(constants.NGHTTP2_NO_ERROR);
  });

  it.each(["connect-timeout-ms", "grpc-timeout"])(
    "ends at the timeout of the call, by %s",
    async (name) => {
      await using echo = await startEcho();
      const [type, value] =
        name === "grpc-timeout" ? ["application/grpc", "50m"] : ["application/json", "50"];
      const headers = {
        "content-type": type,
        [name]: value,
        te: "trailers",
        ...(await authorize(echo)),
      };
      const { text } = await sendUnended(echo, headers, "{");
      expect(text).toMatch(/deadline_exceeded|grpc 4/);
    },
  );

  it("ends after the limit when it arrives byte by byte, over HTTP/1.1", async () => {
    await using echo = await startEcho({}, { bodyTimeoutMs: 100 });
    const { authorization } = await authorize(echo);
    const socket = await openSocket(echo.server.port);
    let answer = "";
    socket.on("data", (chunk) => (answer += String(chunk)));
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\n` +
        "content-type: application/json\r\nconnect-timeout-ms: 60000\r\ncontent-length: 100000\r\n\r\n",
    );
    const drip = setInterval(() => socket.write(" "), 5);
    await new Promise((resolve) => socket.once("close", resolve));
    clearInterval(drip);
    expect(answer).toContain("deadline_exceeded");
  });
});

describe("the bodies of all calls", () => {
  it("have a budget, which regains its bytes when a body ends", async () => {
    await using echo = await startEcho({}, { maxBodyBytes: 1_000_000, bodyTimeoutMs: 60_000 });
    const headers = { "content-type": "application/json", ...(await authorize(echo)) };
    const call = { ":method": "POST", ":path": path, ...headers };
    using session = await openHttp2(echo.server.url);
    const held = session.request(call, { endStream: false }).on("error", () => {});
    const body = Buffer.alloc(700_000, " ");
    await new Promise((resolve) => held.write(body, resolve));
    await expect
      .poll(async () => (await sendUnended(echo, headers, body.subarray(0, 400_000))).text, {
        timeout: 20_000,
      })
      .toContain("resource_exhausted");
    held.destroy();
    const large = { text: "x".repeat(900_000) };
    await expect
      .poll(async () => (await echo.post("Say", { body: large })).body, { timeout: 20_000 })
      .toMatchObject(large);
  });
});

describe("a compressed body", () => {
  it.each([
    ["gzip", gzipSync],
    ["br", compressBrotli],
  ])("of %s is limited by its size after inflation", async (encoding, compress) => {
    await using echo = await startEcho();
    const bomb = compress(Buffer.alloc(16 * 1024 * 1024, " "));
    const response = await fetch(`${echo.server.url}${path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "content-encoding": encoding,
        authorization: `Bearer ${await echo.issuer.mint()}`,
      },
      body: bomb,
    });
    expect(await response.json()).toMatchObject({ code: "resource_exhausted" });
  });
});

describe("readBody()", () => {
  it("joins small pieces of a message", async () => {
    const bytes = 100_000;
    const source = Readable.from(
      (function* () {
        for (let index = 0; index < bytes; index += 1) yield Buffer.from([index % 256]);
      })(),
    );
    const budget = { take: () => {}, close: () => {} };
    const { chunks } = readBody(source, { timeoutMs: 60_000, isMessage: true, budget });
    const pieces: Uint8Array[] = [];
    for await (const piece of chunks) pieces.push(piece);
    expect(pieces.length).toBeLessThan(10);
    const whole = Buffer.concat(pieces);
    expect(whole.byteLength).toBe(bytes);
    expect(whole.every((byte, index) => byte === index % 256)).toBe(true);
  });
});

describe("a reader that takes nothing", () => {
  afterEach(() => void vi.useRealTimers());

  it("loses its stream after a while, and the route ends", async () => {
    let ended = false;
    await using echo = await startEcho({
      // oxlint-disable-next-line typescript/require-await -- a stream without pauses
      async *repeat() {
        try {
          while (true) yield { text: "x".repeat(100_000) };
        } finally {
          ended = true;
        }
      },
    });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    using session = await openHttp2(echo.server.url);
    const stream = session.request({
      ":method": "POST",
      ":path": "/fanfare.echo.v1.EchoService/Repeat",
      "content-type": "application/connect+json",
      ...(await authorize(echo)),
    });
    const request = Buffer.from('{"text":"x"}');
    stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, request.length]), request]));
    stream.on("error", () => {}).pause();
    await once(stream, "response");
    await expect
      .poll(() => {
        vi.advanceTimersByTime(31_000);
        return ended;
      })
      .toBe(true);
  });
});

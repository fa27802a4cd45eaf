import { once } from "node:events";
import { connect as connectHttp2, constants } from "node:http2";
import type { Socket } from "node:net";
import { connect } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Echo } from "../../test/echo.ts";
import { startEcho } from "../../test/echo.ts";
import { listen, type NodeResponse } from "./listen.ts";

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const emptySettings = "\0\0\0\u0004\0\0\0\0\0";
const get = "GET /nowhere HTTP/1.1\r\nhost: x\r\n";

// A frame of HEADERS that ends stream 1: the pairs of HPACK for GET, http, /metrics and the authority x.
const getMetrics =
  "\0\0\u000f\u0001\u0005\0\0\0\u0001\u0082\u0086\u0004\u0008/metrics\u0001\u0001x";

/** What a client can send that is not a request yet. */
const silent: Record<string, string> = {
  nothing: "",
  "half a method": "GE",
  "half a request line": "GET /now",
  "half a header": get,
  "the first byte of HTTP/2": "P",
  "half a preface of HTTP/2": preface.slice(0, 9),
  "a preface of HTTP/2": preface,
  "a session of HTTP/2 without streams": preface + emptySettings,
  "half a frame of HTTP/2": `${preface}${emptySettings}\0\0`,
};

async function open({ server }: Echo, text: string): Promise<Socket> {
  const socket = connect(server.port, "127.0.0.1").on("error", () => {});
  await once(socket, "connect");
  socket.write(text);
  return socket;
}

/** Opens connections, and waits until the server has read what they sent before. */
async function openSilent(echo: Echo): Promise<Socket[]> {
  const sockets = await Promise.all(Object.values(silent).map((text) => open(echo, text)));
  const idle = await open(echo, `${get}\r\n`);
  await once(idle, "data");
  for (const socket of sockets) socket.resume();
  return [...sockets, idle.resume()];
}

/** Starts a server whose call of Say waits. */
async function startHeld() {
  const begun = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<{ text: string }>();
  const echo = await startEcho({
    say() {
      begun.resolve();
      return finish.promise;
    },
  });
  return { ...echo, begun: begun.promise, finish: () => finish.resolve({ text: "done" }) };
}

describe("close()", () => {
  afterEach(() => void vi.useRealTimers());

  it.each(Object.entries(silent))(
    "needs no time for a client that sent %s",
    async (_name, text) => {
      await using echo = await startEcho();
      const socket = await open(echo, text);
      const idle = await open(echo, `${get}\r\n`);
      await once(idle, "data");
      vi.useFakeTimers({ toFake: ["setTimeout", "setInterval"] });
      const closed = once(socket.resume(), "close");
      await expect(echo.server.close()).resolves.toBeUndefined();
      await closed;
    },
  );

  it("closes connections without a request in flight before a call has finished", async () => {
    await using held = await startHeld();
    const call = held.post("Say", { body: { text: "hello" } });
    await held.begun;
    const sockets = await openSilent(held);
    const closed = held.server.close({ timeoutMs: 60_000 });
    await Promise.all(sockets.map((socket) => once(socket, "close")));
    held.finish();
    expect((await call).body.text).toBe("done");
    await closed;
  });

  it("announces to clients of HTTP/2 that it goes away, without an error", async () => {
    await using echo = await startEcho();
    const session = connectHttp2(echo.server.url);
    await once(session, "remoteSettings");
    const [[code]] = await Promise.all([once(session, "goaway"), echo.server.close()]);
    expect(code).toBe(constants.NGHTTP2_NO_ERROR);
  });

  it("makes a client of HTTP/1.1 with a call in flight close its connection", async () => {
    await using held = await startHeld();
    const token = await held.issuer.mint();
    const head = `POST /fanfare.echo.v1.EchoService/Say HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}`;
    const body = '{"text":"hello"}';
    const socket = await open(
      held,
      `${head}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await held.begun;
    const closed = held.server.close({ timeoutMs: 60_000 });
    held.finish();
    const [answer] = await once(socket, "data");
    expect(String(answer)).toMatch(/\r\nconnection: close\r\n/i);
    expect(String(answer)).toContain("done");
    await closed;
  });

  it("leaves a client of HTTP/2 that keeps its connection after the last response", async () => {
    const begun = Promise.withResolvers<NodeResponse>();
    const where = { host: "127.0.0.1", port: 0 };
    const listener = await listen((_request, response) => begun.resolve(response), where);
    const socket = connect({ ...where, port: listener.port, allowHalfOpen: true });
    socket.write(preface + emptySettings + getMetrics, "latin1");
    const response = await begun.promise;
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const closed = listener.close();
    response.end("up 1\n");
    await once(socket.resume(), "end");
    vi.advanceTimersByTime(1000);
    await expect(closed).resolves.toBeUndefined();
    socket.destroy();
  });
});

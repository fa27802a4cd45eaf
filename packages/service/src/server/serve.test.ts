import type { Transport } from "@connectrpc/connect";
import { createClient } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { describe, expect, it, vi } from "vitest";
import type { Echo } from "../../test/echo.ts";
import { startEcho } from "../../test/echo.ts";
import { getCaller } from "../auth/caller.ts";
import { EchoService } from "../gen/fanfare/echo/v1/echo_pb.ts";

const transports: Record<string, (echo: Echo) => Transport> = {
  "Connect over HTTP/1.1": ({ server, asRider }) =>
    createConnectTransport({ baseUrl: server.url, httpVersion: "1.1", interceptors: [asRider] }),
  "Connect over HTTP/2": ({ server, asRider }) =>
    createConnectTransport({ baseUrl: server.url, httpVersion: "2", interceptors: [asRider] }),
  "gRPC over HTTP/2": ({ server, asRider }) =>
    createGrpcTransport({ baseUrl: server.url, interceptors: [asRider] }),
  "gRPC-Web over HTTP/1.1": ({ server, asRider }) =>
    createGrpcWebTransport({ baseUrl: server.url, httpVersion: "1.1", interceptors: [asRider] }),
};

describe("serve()", () => {
  it.each(Object.entries(transports))("answers %s on one port", async (_name, connect) => {
    await using echo = await startEcho();
    const client = createClient(EchoService, connect(echo));

    expect((await client.say({ text: "hello" })).text).toBe("hello");
    const texts: string[] = [];
    for await (const { text } of client.repeat({ text: "again" })) texts.push(text);
    expect(texts).toEqual(["again", "again"]);
  });

  it("answers plain JSON with a token", async () => {
    await using echo = await startEcho();
    expect(await echo.post("Say", { body: { text: "hello" } })).toMatchObject({
      status: 200,
      body: { text: "hello" },
    });
  });

  it("passes the caller to the route", async () => {
    await using echo = await startEcho({
      say: (_request, context) => ({ text: JSON.stringify(getCaller(context)) }),
    });
    const { body } = await echo.post("Say", { body: { text: "who" } });
    expect(JSON.parse(body.text ?? "")).toMatchObject({ role: "rider", subject: "rider-1" });
  });

  it("refuses a field that violates its rule, and names it", async () => {
    await using echo = await startEcho();
    const { status, body } = await echo.post("Say", { body: { text: "" } });
    expect(status).toBe(400);
    expect(body.code).toBe("invalid_argument");
    expect(body.message).toContain("text");
  });

  it("refuses a field of the wrong type, and names it", async () => {
    await using echo = await startEcho();
    const { body } = await echo.post("Say", { body: { text: 7 } });
    expect(body.code).toBe("invalid_argument");
    expect(body.message).toContain("text");
  });

  it("refuses a body over the limit, before and after decompression", async () => {
    await using echo = await startEcho({}, { readMaxBytes: 1000 });
    const large = { text: "x".repeat(2000) };
    expect((await echo.post("Say", { body: large })).body.code).toBe("resource_exhausted");

    const client = createClient(
      EchoService,
      createGrpcTransport({ baseUrl: echo.server.url, interceptors: [echo.asRider] }),
    );
    await expect(client.say(large)).rejects.toThrow("resource_exhausted");
    expect((await client.say({ text: "small" })).text).toBe("small");
  });

  it("answers the next call after one whose body it did not read completely", async () => {
    await using echo = await startEcho();
    const transport = { baseUrl: echo.server.url, defaultTimeoutMs: 10_000 };
    const allowed = createClient(
      EchoService,
      createConnectTransport({ ...transport, httpVersion: "1.1", interceptors: [echo.asRider] }),
    );
    const refused = createClient(
      EchoService,
      createConnectTransport({ ...transport, httpVersion: "1.1" }),
    );
    const large = "x".repeat(4_000_000);
    await expect(refused.say({ text: "small" })).rejects.toThrow("unauthenticated");
    expect((await allowed.say({ text: "small" })).text).toBe("small");
    await expect(allowed.say({ text: large })).rejects.toThrow("resource_exhausted");
    expect((await allowed.say({ text: "small" })).text).toBe("small");
    await expect(refused.say({ text: large })).rejects.toThrow("unauthenticated");
    expect((await allowed.say({ text: "small" })).text).toBe("small");
  });

  it("answers unimplemented for an unknown path", async () => {
    await using echo = await startEcho();
    const { status, body } = await echo.post("Shout");
    expect(status).toBe(404);
    expect(body.code).toBe("unimplemented");
  });

  it("names the port in use and the variable that chooses another", async () => {
    await using echo = await startEcho();
    const second = startEcho({}, { port: echo.server.port, portName: "INTERNAL_PORT" });
    await expect(second).rejects.toThrow(
      `port ${echo.server.port} on 127.0.0.1 is in use: choose another with INTERNAL_PORT=`,
    );
  });

  it("leaves nothing open when its health port is in use", async () => {
    await using echo = await startEcho();
    const [taken, port] = [Number(URL.parse(echo.server.healthUrl ?? "")?.port), await freePort()];
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const check = vi.fn<() => void>();
    const second = startEcho({}, { checks: { check }, port, healthPort: taken });
    await expect(second).rejects.toThrow("choose another with HEALTH_PORT=");
    expect(check).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow("fetch failed");
  });
});

async function freePort(): Promise<number> {
  await using echo = await startEcho();
  return echo.server.port;
}

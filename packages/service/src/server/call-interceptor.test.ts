import type { HandlerContext } from "@connectrpc/connect";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, it, vi } from "vitest";
import type { Echo } from "../../test/echo.ts";
import { startEcho } from "../../test/echo.ts";
import { EchoService } from "../gen/fanfare/echo/v1/echo_pb.ts";

const say = { body: { text: "hello" } };
const forever = () => new Promise<never>(() => {});

function grpcClient(echo: Echo) {
  const transport = createGrpcTransport({
    baseUrl: echo.server.url,
    interceptors: [echo.asRider],
  });
  return createClient(EchoService, transport);
}

async function waitForCallLine(echo: Echo): Promise<Record<string, unknown>> {
  return await vi.waitFor(() => {
    const line = echo.lines.find(({ msg }) => msg === "call");
    if (line === undefined) throw new Error("no call is logged");
    return line;
  });
}

describe("a call", () => {
  it("receives the ConnectError that its route throws", async () => {
    await using echo = await startEcho({
      say() {
        throw new ConnectError("there is none", Code.NotFound);
      },
    });
    expect(await echo.post("Say", say)).toMatchObject({
      status: 404,
      body: { code: "not_found", message: "there is none" },
    });
  });

  it("hides an unexpected error, which is logged", async () => {
    await using echo = await startEcho({
      say() {
        throw new Error("password is 1234");
      },
    });
    const { status, body } = await echo.post("Say", say);
    expect(status).toBe(500);
    expect(body.code).toBe("internal");
    expect(JSON.stringify(body)).not.toContain("1234");
    expect(await waitForCallLine(echo)).toMatchObject({
      level: 50,
      code: "internal",
      err: { message: "password is 1234" },
    });
  });

  it("is unavailable while the database is unavailable", async () => {
    await using echo = await startEcho({
      say() {
        throw Object.assign(new Error("connect ECONNREFUSED 10.0.0.1"), { code: "ECONNREFUSED" });
      },
    });
    const { status, body } = await echo.post("Say", say);
    expect(status).toBe(503);
    expect(body).toEqual({
      code: "unavailable",
      message: "the database is unavailable: call again later",
    });
  });

  it("hides an unexpected error in the middle of a stream", async () => {
    await using echo = await startEcho({
      // oxlint-disable-next-line typescript/require-await -- a stream that fails at once after one message
      async *repeat() {
        yield { text: "one" };
        throw new Error("password is 1234");
      },
    });
    const texts: string[] = [];
    const reading = (async () => {
      for await (const { text } of grpcClient(echo).repeat({ text: "x" })) texts.push(text);
    })();
    await expect(reading).rejects.toMatchObject({ code: Code.Internal });
    await expect(reading).rejects.not.toThrow("1234");
    expect(texts).toEqual(["one"]);
    expect(await waitForCallLine(echo)).toMatchObject({
      code: "internal",
      err: { message: "password is 1234" },
    });
  });

  it("ends at its deadline even if its route does not", async () => {
    await using echo = await startEcho({ say: forever });
    const { body } = await echo.post("Say", { ...say, headers: { "connect-timeout-ms": "50" } });
    expect(body.code).toBe("deadline_exceeded");
    await expect(grpcClient(echo).say({ text: "x" }, { timeoutMs: 50 })).rejects.toMatchObject({
      code: Code.DeadlineExceeded,
    });
  });

  it("has a default deadline over each protocol", async () => {
    const left: (number | undefined)[] = [];
    await using echo = await startEcho(
      {
        say({ text }, context) {
          left.push(context.timeoutMs());
          return { text };
        },
      },
      { defaultTimeoutMs: 5000 },
    );
    await echo.post("Say", say);
    await grpcClient(echo).say({ text: "x" });
    expect(left).toHaveLength(2);
    for (const ms of left) expect(ms).toBeLessThanOrEqual(5000);
  });

  it("has the longest deadline instead of a longer one, and streams have a limit of their own", async () => {
    const left: (number | undefined)[] = [];
    const record = (context: HandlerContext) => void left.push(context.timeoutMs());
    await using echo = await startEcho(
      {
        say({ text }, context) {
          record(context);
          return { text };
        },
        async *repeat({ text }, context) {
          record(context);
          yield { text };
        },
      },
      { maxTimeoutMs: 1000, maxStreamMs: 100_000 },
    );
    await echo.post("Say", { ...say, headers: { "connect-timeout-ms": "50000" } });
    await grpcClient(echo).say({ text: "x" }, { timeoutMs: 50_000 });
    for await (const _ of grpcClient(echo).repeat({ text: "x" }, { timeoutMs: 9_000_000 }));
    const [connect = 0, grpc = 0, stream = 0] = left;
    expect(Math.max(connect, grpc)).toBeLessThanOrEqual(1000);
    expect(stream).toBeGreaterThan(1000);
    expect(stream).toBeLessThanOrEqual(100_000);
  });

  it("aborts its route's signal when the caller disconnects", async () => {
    const aborted = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    await using echo = await startEcho({
      say(_request, { signal }) {
        signal.addEventListener("abort", () => aborted.resolve());
        begun.resolve();
        return forever();
      },
    });
    const leave = new AbortController();
    const call = grpcClient(echo).say({ text: "x" }, { signal: leave.signal });
    await begun.promise;
    leave.abort();
    await expect(call).rejects.toMatchObject({ code: Code.Canceled });
    await aborted.promise;
    expect(await waitForCallLine(echo)).toMatchObject({ code: "canceled" });
  });

  it("is logged in one line", async () => {
    await using echo = await startEcho();
    await echo.post("Say", say);
    expect(await waitForCallLine(echo)).toMatchObject({
      level: 30,
      method: "fanfare.echo.v1.EchoService/Say",
      caller: "rider rider-1",
      code: "ok",
      ms: expect.any(Number),
    });
    expect(echo.lines.filter(({ msg }) => msg === "call")).toHaveLength(1);
  });

  it("is a line in the log, with the reason, when it is refused before its route", async () => {
    await using echo = await startEcho();
    await echo.post("Say", { ...say, token: undefined });
    expect(await waitForCallLine(echo)).toMatchObject({
      code: "unauthenticated",
      reason: expect.stringContaining("missing token"),
    });
  });
});

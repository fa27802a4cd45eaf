import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, it } from "vitest";
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

describe("close()", () => {
  it("lets a unary call finish, and accepts no other", async () => {
    const begun = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<{ text: string }>();
    await using echo = await startEcho({
      say() {
        begun.resolve();
        return finish.promise;
      },
    });
    const call = echo.post("Say", say);
    await begun.promise;
    const closed = echo.server.close({ timeoutMs: 60_000 });
    await expect(fetch(echo.server.url)).rejects.toThrow("fetch failed");
    expect((await fetch(`${echo.server.healthUrl}/readyz`)).status).toBe(503);
    finish.resolve({ text: "done" });
    expect((await call).body.text).toBe("done");
    await closed;
  });

  it("ends a stream at once with unavailable", async () => {
    await using echo = await startEcho({
      async *repeat({ text }) {
        yield { text };
        await forever();
      },
    });
    const stream = grpcClient(echo).repeat({ text: "x" })[Symbol.asyncIterator]();
    expect((await stream.next()).value?.text).toBe("x");
    const next = stream.next();
    await Promise.all([
      expect(next).rejects.toMatchObject({
        code: Code.Unavailable,
        rawMessage: "the server is stopping: call again later",
      }),
      echo.server.close({ timeoutMs: 60_000 }),
    ]);
  });

  it("ends a call with unavailable before the timeout", async () => {
    const begun = Promise.withResolvers<void>();
    await using echo = await startEcho({
      say() {
        begun.resolve();
        return forever();
      },
    });
    const call = echo.post("Say", say);
    await begun.promise;
    await Promise.all([
      echo.server.close({ timeoutMs: 200 }),
      expect(call).resolves.toMatchObject({ body: { code: "unavailable" } }),
    ]);
  });

  it("returns the same promise to repeated calls", async () => {
    await using echo = await startEcho();
    const closing = echo.server.close();
    expect(echo.server.close()).toBe(closing);
    await closing;
  });
});

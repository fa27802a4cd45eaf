import { setTimeout as delay } from "node:timers/promises";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, it } from "vitest";
import type { Echo } from "../../test/echo.ts";
import { startEcho } from "../../test/echo.ts";
import { EchoService } from "../gen/fanfare/echo/v1/echo_pb.ts";

const transports = { Connect: createConnectTransport, gRPC: createGrpcTransport };

/** Calls a stream with a token that expires within a second, and returns its texts and its end. */
async function readEnd(echo: Echo, name: keyof typeof transports) {
  const exp = Math.floor(Date.now() / 1000) + 1;
  const token = await echo.issuer.mint({ exp });
  const transport = transports[name]({
    baseUrl: echo.server.url,
    httpVersion: "2",
    interceptors: [
      (next) => async (request) => {
        request.header.set("authorization", `Bearer ${token}`);
        return await next(request);
      },
    ],
  });
  const texts: string[] = [];
  try {
    for await (const { text } of createClient(EchoService, transport).repeat({ text: "hello" })) {
      texts.push(text);
    }
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    return { texts, code, rawMessage, early: Date.now() < exp * 1000 - 5 };
  }
  throw new Error("expected the stream to end with an error");
}

describe("a stream", () => {
  it.each(["Connect", "gRPC"] as const)(
    "over %s ends as unauthenticated when the token of its caller expires",
    async (name) => {
      const signals: AbortSignal[] = [];
      await using echo = await startEcho({
        async *repeat({ text }, { signal }) {
          signals.push(signal);
          yield { text };
          await delay(60_000, undefined, { signal });
        },
      });
      const end = await readEnd(echo, name);
      expect(end).toMatchObject({
        texts: ["hello"],
        code: Code.Unauthenticated,
        rawMessage: expect.stringContaining("the token has expired"),
        early: false,
      });
      expect(signals[0]?.aborted).toBe(true);
    },
  );

  it("ends then also when its route ignores the signal", async () => {
    await using echo = await startEcho({
      async *repeat({ text }) {
        yield { text };
        await new Promise(() => {});
      },
    });
    expect((await readEnd(echo, "Connect")).code).toBe(Code.Unauthenticated);
  });
});

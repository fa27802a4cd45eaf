import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, it } from "vitest";
import { type Echo, startEcho } from "../../test/echo.ts";
import { createServiceTransport } from "../client/service-transport.ts";
import { EchoService } from "../gen/fanfare/echo/v1/echo_pb.ts";
import { RetryInfoSchema } from "../gen/google/rpc/error_details_pb.ts";
import type { CallerLimits } from "./caller-limits.ts";

const say = { body: { text: "hello" } };
// So slow that a test sees no second token.
const slow: CallerLimits = { callsPerSecond: 0.3, maxCalls: 2, maxStreams: 2 };
const unlimited: CallerLimits = { callsPerSecond: 1000, maxCalls: 1000, maxStreams: 2 };

const connectGrpc = ({ server, asRider }: Echo) =>
  createClient(EchoService, createGrpcTransport({ baseUrl: server.url, interceptors: [asRider] }));

describe("a caller", () => {
  it("is refused over its rate, with the time to call again, and no other caller is", async () => {
    await using echo = await startEcho({}, {}, { limits: () => slow });
    for (let call = 0; call < 3; call += 1) expect((await echo.post("Say", say)).status).toBe(200);
    const { status, headers, body } = await echo.post("Say", say);
    expect(status).toBe(429);
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    expect(body.code).toBe("resource_exhausted");
    expect(body.message).toContain("call again in");
    expect(body.details).toMatchObject([{ type: "google.rpc.RetryInfo" }]);

    const refusal = await connectGrpc(echo)
      .say({ text: "x" })
      .catch((error: unknown) => ConnectError.from(error));
    if (!(refusal instanceof ConnectError)) throw new Error("expected a refusal");
    expect(refusal.code).toBe(Code.ResourceExhausted);
    const [hint] = refusal.findDetails(RetryInfoSchema);
    expect(Number(hint?.retryDelay?.seconds)).toBeGreaterThan(0);

    const token = await echo.issuer.mint({ sub: "rider-2" });
    expect((await echo.post("Say", { ...say, token })).status).toBe(200);
  });

  it("has as many streams as it may, and another when one ends", async () => {
    await using echo = await startEcho(
      {
        async *repeat({ text }, { signal }) {
          yield { text };
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
        },
      },
      {},
      { limits: () => unlimited },
    );
    const client = connectGrpc(echo);
    const stop = new AbortController();
    const open = async (options = {}) => {
      const stream = client.repeat({ text: "x" }, options)[Symbol.asyncIterator]();
      await stream.next();
    };
    await open();
    await open({ signal: stop.signal });
    await expect(open()).rejects.toMatchObject({ code: Code.ResourceExhausted });
    stop.abort();
    await expect.poll(() => open().then(() => "open", String)).toBe("open");
  });

  it("has another stream of a full server when one ends", async () => {
    await using echo = await startEcho({}, { maxStreams: 1 }, { limits: () => unlimited });
    const client = connectGrpc(echo);
    const finish = async () => {
      let count = 0;
      for await (const { text } of client.repeat({ text: "x" })) count += text.length;
      return count > 0 ? "finished" : "empty";
    };
    expect(await finish()).toBe("finished");
    await expect.poll(() => finish().catch(String)).toBe("finished");
  });

  it("of a service transport is answered when it may call again", async () => {
    await using echo = await startEcho(
      {},
      {},
      { limits: () => ({ callsPerSecond: 10, maxCalls: 100, maxStreams: 1 }) },
    );
    const folder = await mkdtemp(join(tmpdir(), "limits-"));
    const tokenFile = join(folder, "token");
    await writeFile(tokenFile, await echo.issuer.mint());
    using transport = createServiceTransport({ baseUrl: echo.server.url, tokenFile });
    const client = createClient(EchoService, transport);
    const calls = Array.from({ length: 103 }, () => client.say({ text: "hello" }));
    expect(new Set((await Promise.all(calls)).map(({ text }) => text))).toEqual(new Set(["hello"]));
    await rm(folder, { recursive: true });
  });
});

describe("an address", () => {
  it("without valid tokens is refused over its rate, and neither another nor a valid token of the same is", async () => {
    await using echo = await startEcho(
      {},
      { trustedProxies: ["127.0.0.0/8"] },
      { anonymousLimits: slow },
    );
    const post = async (address: string, token: string | undefined) => {
      const headers = { "x-forwarded-for": address };
      return (await echo.post("Say", { ...say, token, headers })).body.code;
    };
    const [attacker, rider] = ["203.0.113.1", "203.0.113.2"];
    const token = await echo.issuer.mint();
    for (let call = 0; call < 3; call += 1) {
      expect(await post(attacker, "nonsense")).toBe("unauthenticated");
    }
    expect(await post(attacker, "nonsense")).toBe("resource_exhausted");
    expect(await post(attacker, undefined)).toBe("resource_exhausted");
    expect(await post(attacker, token)).toBeUndefined();
    expect(await post(rider, undefined)).toBe("unauthenticated");
  });

  it("with valid tokens is not limited", async () => {
    await using echo = await startEcho({}, {}, { anonymousLimits: slow });
    for (let call = 0; call < 10; call += 1) expect((await echo.post("Say", say)).status).toBe(200);
  });
});

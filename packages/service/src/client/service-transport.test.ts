import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { Server, Socket } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code, createClient } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startEcho } from "../../test/echo.ts";
import { getCaller } from "../auth/caller.ts";
import { EchoService } from "../gen/fanfare/echo/v1/echo_pb.ts";
import { createServiceTransport } from "./service-transport.ts";

const sayWho = {
  say: (_request: unknown, context: Parameters<typeof getCaller>[0]) => ({
    text: getCaller(context).subject,
  }),
};

describe("createServiceTransport()", () => {
  let folder = "";
  let tokenFile = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "token-"));
    tokenFile = join(folder, "token");
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it("sends the token of its file, and reads the file again when it changes", async () => {
    await using echo = await startEcho(sayWho);
    using transport = createServiceTransport({ baseUrl: echo.server.url, tokenFile });
    const client = createClient(EchoService, transport);

    await writeFile(tokenFile, "\n");
    await expect(client.say({ text: "x" })).rejects.toMatchObject({
      code: Code.Unavailable,
      rawMessage: `the token file ${tokenFile} is empty: write a service token to it`,
    });
    await rm(tokenFile);
    await expect(client.say({ text: "x" })).rejects.toMatchObject({
      code: Code.Unavailable,
      rawMessage: `the token file ${tokenFile} cannot be read: write a service token to it`,
    });
    await writeFile(tokenFile, `${await echo.issuer.mint({ role: "service", sub: "worker" })}\n`);
    expect((await client.say({ text: "x" })).text).toBe("worker");
    await writeFile(tokenFile, await echo.issuer.mint({ role: "service", sub: "another" }));
    expect((await client.say({ text: "x" })).text).toBe("another");
    // Halfway through a replacement, the last token stays in use.
    await writeFile(tokenFile, "\n");
    expect((await client.say({ text: "x" })).text).toBe("another");
    await rm(tokenFile);
    expect((await client.say({ text: "x" })).text).toBe("another");
  });

  it("is unavailable while the service is down, and reconnects when it is back", async () => {
    const first = await startEcho();
    const { port, url } = first.server;
    using transport = createServiceTransport({ baseUrl: url, interceptors: [first.asRider] });
    const client = createClient(EchoService, transport);
    expect((await client.say({ text: "one" })).text).toBe("one");

    await first[Symbol.asyncDispose]();
    await expect(client.say({ text: "two" })).rejects.toMatchObject({ code: Code.Unavailable });

    await using second = await startEcho({}, { port });
    expect(second.server.url).toBe(url);
    // The second server has keys of its own, so a refusal proves that it answered.
    await expect(client.say({ text: "three" })).rejects.toMatchObject({
      code: Code.Unauthenticated,
    });
  });

  it("sends 50 calls of a megabyte at once", async () => {
    await using echo = await startEcho();
    using transport = createServiceTransport({
      baseUrl: echo.server.url,
      timeoutMs: 30_000,
      interceptors: [echo.asRider],
    });
    const client = createClient(EchoService, transport);
    const text = "x".repeat(1_000_000);
    const answers = await Promise.all(Array.from({ length: 50 }, () => client.say({ text })));
    expect(new Set(answers.map((answer) => answer.text.length))).toEqual(new Set([text.length]));
  });

  it.each([
    ["at once", (socket: Socket) => void socket.resetAndDestroy()],
    [
      "on its first bytes",
      (socket: Socket) => void socket.on("data", () => socket.resetAndDestroy()),
    ],
  ])("is unavailable when the server resets the connection %s", async (_when, reset) => {
    const server = createServer((socket) => reset(socket.on("error", () => {})));
    const port = await listen(server);
    using transport = createServiceTransport({ baseUrl: `http://127.0.0.1:${port}` });
    await expect(createClient(EchoService, transport).say({ text: "x" })).rejects.toMatchObject({
      code: Code.Unavailable,
      message: expect.stringContaining("closed the connection without an answer"),
    });
    server.close();
  });

  it("times out a call that is not answered", async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => void sockets.add(socket.resume()));
    const port = await listen(silent);
    using transport = createServiceTransport({
      baseUrl: `http://127.0.0.1:${port}`,
      timeoutMs: 100,
    });
    await expect(createClient(EchoService, transport).say({ text: "x" })).rejects.toMatchObject({
      code: Code.DeadlineExceeded,
    });
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
});

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

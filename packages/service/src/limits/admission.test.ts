import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { startEcho } from "../../test/echo.ts";
import { openSocket } from "../../test/open-raw.ts";

const limits = { maxConnections: 8, maxConnectionsPerAddress: 4 };

describe("stays up: connections", () => {
  it("answers a good caller while its address has as many silent connections as it may", async () => {
    await using echo = await startEcho({}, { connectionLimits: limits });
    const silent = await Promise.all(
      Array.from({ length: 40 }, () => openSocket(echo.server.port)),
    );
    expect((await echo.post("Say", { body: { text: "hello" } })).body.text).toBe("hello");
    await expect
      .poll(() => silent.filter((socket) => !socket.destroyed).length)
      .toBeLessThanOrEqual(limits.maxConnectionsPerAddress);
    for (const socket of silent) socket.destroy();
  });

  it("answers a good caller while others hold all connections", async () => {
    await using echo = await startEcho({}, { connectionLimits: limits });
    const addresses = ["127.0.0.2", "127.0.0.3", "127.0.0.4"];
    const silent = await Promise.all(
      addresses.flatMap((address) =>
        Array.from({ length: 4 }, () => openSocket(echo.server.port, address)),
      ),
    );
    expect((await echo.post("Say", { body: { text: "hello" } })).body.text).toBe("hello");
    for (const socket of silent) socket.destroy();
  });

  it("keeps connections with a call in flight, and refuses further ones", async () => {
    const finish = Promise.withResolvers<{ text: string }>();
    let begun = 0;
    const say = () => {
      begun += 1;
      return finish.promise;
    };
    const one = { maxConnections: 2, maxConnectionsPerAddress: 2 };
    await using echo = await startEcho({ say }, { connectionLimits: one });
    const calls = [1, 2].map(() => echo.post("Say", { body: { text: "x" } }));
    await expect.poll(() => begun).toBe(2);
    const refused = await openSocket(echo.server.port);
    if (!refused.destroyed) await once(refused, "close");
    finish.resolve({ text: "done" });
    for (const { body } of await Promise.all(calls)) expect(body.text).toBe("done");
  });
});

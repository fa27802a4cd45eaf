import { once } from "node:events";
import { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { startEcho } from "../../test/echo.ts";
import { openSocket } from "../../test/open-raw.ts";
import { createAdmission } from "./admission.ts";

const limits = { maxConnections: 8, maxConnectionsPerAddress: 4 };

/** Creates an open socket that is not connected. */
function createSocket(remoteAddress: string): Socket {
  return Object.defineProperty(new Socket(), "remoteAddress", { value: remoteAddress });
}

describe("createAdmission()", () => {
  it.each([
    ["an IPv6 network", ["2001:db8:1:2::1", "2001:db8:1:2:3::4"], "2001:db8:1:3::1"],
    ["an IPv4 address in two notations", ["203.0.113.9", "::ffff:203.0.113.9"], "203.0.113.8"],
  ])("counts %s as one address", (_what, same, other) => {
    const admission = createAdmission({ maxConnections: 8, maxConnectionsPerAddress: 1 });
    const [first, second] = same.map(createSocket);
    if (first === undefined || second === undefined) throw new Error("expected two sockets");
    expect(admission.admit(first)).toBe(true);
    admission.setBusy(first);
    expect(admission.admit(second)).toBe(false);
    expect(admission.admit(createSocket(other))).toBe(true);
    admission.setIdle(first);
    expect(admission.admit(createSocket(same[1] ?? ""))).toBe(true);
    expect(first.destroyed).toBe(true);
  });
});

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

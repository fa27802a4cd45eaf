import { createServer, connect as openSocket, type Socket } from "node:net";
import { createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { echoRoles, startEcho } from "../../test/echo.ts";
import { createTokenVerifier } from "../auth/token-verifier.ts";
import { EchoService } from "../gen/fanfare/echo/v1/echo_pb.ts";
import { createServiceTransport, type ServiceTransportOptions } from "./service-transport.ts";

/** Starts two servers behind one address, which chooses a server for each connection, not each call. */
async function startPair() {
  const stack = new AsyncDisposableStack();
  const counts = [0, 0];
  const released = Promise.withResolvers<void>();
  const methods = (index: number) => ({
    say({ text }: { readonly text: string }) {
      counts[index] = (counts[index] ?? 0) + 1;
      return { text };
    },
    async *repeat({ text }: { readonly text: string }) {
      yield { text };
      await released.promise;
      yield { text };
    },
  });
  const first = stack.use(await startEcho(methods(0)));
  const access = { ...createTokenVerifier(first.issuer.trust), allowedRoles: echoRoles };
  const second = stack.use(await startEcho(methods(1), { access }));
  const targets = [first.server.port, second.server.port];
  let next = 0;
  const sockets = new Set<Socket>();
  const server = createServer((incoming) => {
    const outgoing = openSocket(targets[next++ % targets.length] ?? 0, "127.0.0.1");
    for (const [one, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(one);
      one.on("error", () => {}).on("close", () => other.destroy());
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stack.defer(() => {
    released.resolve();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    counts,
    release: released.resolve,
    /** Stops the first server, to which the address then leads no more. */
    async stopFirst() {
      targets.shift();
      await first.server.close();
    },
    open(options: Partial<ServiceTransportOptions> = {}) {
      const baseUrl = `http://127.0.0.1:${port}`;
      const transport = stack.use(
        createServiceTransport({ baseUrl, interceptors: [first.asRider], ...options }),
      );
      return createClient(EchoService, transport);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

describe("createServiceTransport(), behind a virtual address", () => {
  it("calls all processes", async () => {
    await using pair = await startPair();
    const client = pair.open();
    for (let call = 0; call < 20; call++) await client.say({ text: "x" });
    expect(pair.counts).toEqual([10, 10]);
  });

  it("replaces a connection at its age, so that it reaches another process", async () => {
    await using pair = await startPair();
    const client = pair.open({ connections: 1, maxConnectionAgeMs: 20 });
    const call = async () => {
      await client.say({ text: "x" });
      return Math.min(...pair.counts);
    };
    await expect.poll(call, { timeout: 10_000 }).toBeGreaterThan(2);
  });

  it("finishes a stream on the connection that has reached its age", async () => {
    await using pair = await startPair();
    const client = pair.open({ connections: 1, maxConnectionAgeMs: 1 });
    const texts: string[] = [];
    for await (const { text } of client.repeat({ text: "still here" })) {
      texts.push(text);
      await expect
        .poll(() => client.say({ text: "x" }).then(() => Math.min(...pair.counts)))
        .toBeGreaterThan(0);
      pair.release();
    }
    expect(texts).toEqual(["still here", "still here"]);
  });

  it("leaves a process that stops, without a failed call", async () => {
    await using pair = await startPair();
    const client = pair.open();
    for (let call = 0; call < 8; call++) await client.say({ text: "x" });
    await pair.stopFirst();
    for (let call = 0; call < 8; call++) await client.say({ text: "x" });
    expect(pair.counts).toEqual([4, 12]);
  });
});

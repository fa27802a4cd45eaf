import { once } from "node:events";
import type { Socket } from "node:net";
import { connect } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Listener } from "./listen.ts";
import { listen } from "./listen.ts";

async function startListener(): Promise<Listener & AsyncDisposable> {
  const listener = await listen((request, response) => void response.end(request.httpVersion), {
    host: "127.0.0.1",
    port: 0,
  });
  return {
    ...listener,
    async [Symbol.asyncDispose]() {
      const closed = listener.close();
      listener.destroy();
      await closed;
    },
  };
}

async function open({ port }: Listener): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  return socket;
}

async function readUntil(socket: Socket, text: string): Promise<string> {
  let all = "";
  while (!all.includes(text)) {
    const [chunk] = await once(socket, "data");
    all += String(chunk);
  }
  return all;
}

describe("listen()", () => {
  it("detects HTTP/1.1 when its first bytes arrive one by one", async () => {
    await using listener = await startListener();
    const socket = await open(listener);
    for (const byte of "PUT / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n") {
      socket.write(byte);
      await nextTurn();
    }
    expect(await readUntil(socket, "\r\n\r\n1.1")).toContain("HTTP/1.1 200");
  });

  it("detects HTTP/2 when its first bytes arrive one by one", async () => {
    await using listener = await startListener();
    const socket = await open(listener);
    for (const byte of "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") {
      socket.write(byte);
      await nextTurn();
    }
    const [answer] = await once(socket, "data");
    const settingsFrame = 4;
    expect(Buffer.from(answer)[3]).toBe(settingsFrame);
    socket.destroy();
  });

  it("survives clients that send garbage, nothing, or half a preface", async () => {
    await using listener = await startListener();
    const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    const tls = "\u0016\u0003\u0001";
    for (const text of [`${tls} garbage\r\n\r\n`, "", "PR", "PRI", `${preface}garbage`]) {
      const socket = await open(listener);
      socket.resume();
      socket.end(text);
      await once(socket, "close");
    }
    const reset = await open(listener);
    reset.write("P");
    reset.resetAndDestroy();
    await once(reset, "close");
    const response = await fetch(`http://127.0.0.1:${listener.port}`);
    expect(await response.text()).toBe("1.1");
  });
});

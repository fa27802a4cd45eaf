import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nkeys } from "@nats-io/nats-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NatsOptions } from "../nats-options.ts";
import { createConnectionOptions } from "./create-connection-options.ts";

const servers = "nats://127.0.0.1:4222";

function readCredentials(options: Partial<NatsOptions>): unknown[] {
  const { authenticator = [] } = createConnectionOptions({ servers, ...options });
  return [authenticator].flat().map((answer) => answer("nonce"));
}

describe("createConnectionOptions()", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "bus-nats-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("reconnects for ever", () => {
    const options = createConnectionOptions({ servers: [servers] });
    expect(options).toMatchObject({
      servers: [servers],
      name: "fanfare",
      maxReconnectAttempts: -1,
      ignoreAuthErrorAbort: true,
    });
    expect(options.reconnectDelayHandler?.()).toBeGreaterThanOrEqual(250);
  });

  it("requires TLS only when tls is set", () => {
    expect(createConnectionOptions({ servers })).not.toHaveProperty("tls");
    expect(createConnectionOptions({ servers, tls: { caFile: "ca.pem" } }).tls).toEqual({
      caFile: "ca.pem",
    });
  });

  it("authenticates with a user, a token, or nothing", () => {
    expect(readCredentials({})).toEqual([]);
    const { FANFARE_UNSET: unset } = process.env;
    const none = { user: unset, password: unset, token: unset, credentialsFile: unset };
    expect(readCredentials(none)).toEqual([]);
    expect(readCredentials({ user: "me", password: "secret" })).toEqual([
      { user: "me", pass: "secret" },
    ]);
    let password = "first";
    const { authenticator = [] } = createConnectionOptions({
      servers,
      user: "me",
      password: () => password,
    });
    password = "second";
    expect([authenticator].flat().map((read) => read("nonce"))).toEqual([
      { user: "me", pass: "second" },
    ]);
    expect(readCredentials({ token: "t" })).toEqual([{ auth_token: "t" }]);
  });

  it("authenticates with the credentials of an address, where no option names others", () => {
    const address = "nats://me:s%40cret@127.0.0.1:4222";
    expect(createConnectionOptions({ servers: address }).servers).toEqual([servers]);
    expect(readCredentials({ servers: address })).toEqual([{ user: "me", pass: "s@cret" }]);
    expect(readCredentials({ servers: "nats://t0ken@127.0.0.1" })).toEqual([
      { auth_token: "t0ken" },
    ]);
    expect(readCredentials({ servers: address, user: "you", password: "other" })).toEqual([
      { user: "you", pass: "other" },
    ]);
  });

  it("reads credential files at every connect", () => {
    const credentialsFile = join(folder, "user.creds");
    const user = nkeys.createUser();
    const write = (jwt: string) => {
      const seed = new TextDecoder().decode(user.getSeed());
      const text = formatPart("NATS USER JWT", jwt) + formatPart("USER NKEY SEED", seed);
      writeFileSync(credentialsFile, text);
    };
    const { authenticator = [] } = createConnectionOptions({ servers, credentialsFile });
    const [answer] = [authenticator].flat();
    write("first");
    expect(answer?.("nonce")).toMatchObject({ jwt: "first", nkey: user.getPublicKey() });
    write("second");
    expect(answer?.("nonce")).toMatchObject({ jwt: "second" });
    rmSync(credentialsFile);
    expect(answer?.("nonce")).toMatchObject({ jwt: "second" });
  });
});

function formatPart(name: string, text: string): string {
  return `-----BEGIN ${name}-----\n${text}\n------END ${name}------\n`;
}

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nkeys } from "@nats-io/nats-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NatsOptions } from "../nats-options.ts";
import { createConnectionOptions } from "./connection-options.ts";

const servers = "nats://127.0.0.1:4222";

function credentialsOf(options: Partial<NatsOptions>): unknown[] {
  const { authenticator = [] } = createConnectionOptions({ servers, ...options });
  return [authenticator].flat().map((answer) => answer("nonce"));
}

describe("connectionOptions()", () => {
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

  it("asks for TLS only when it is told to", () => {
    expect(createConnectionOptions({ servers })).not.toHaveProperty("tls");
    expect(createConnectionOptions({ servers, tls: { caFile: "ca.pem" } }).tls).toEqual({
      caFile: "ca.pem",
    });
  });

  it("answers with a user, a token, or nothing", () => {
    expect(credentialsOf({})).toEqual([]);
    expect(credentialsOf({ user: "me", password: "secret" })).toEqual([
      { user: "me", pass: "secret" },
    ]);
    expect(credentialsOf({ token: "t" })).toEqual([{ auth_token: "t" }]);
  });

  it("reads credentials again at every connect", () => {
    const credentialsFile = join(folder, "user.creds");
    const user = nkeys.createUser();
    const write = (jwt: string) => {
      const seed = new TextDecoder().decode(user.getSeed());
      const text = part("NATS USER JWT", jwt) + part("USER NKEY SEED", seed);
      writeFileSync(credentialsFile, text);
    };
    const { authenticator = [] } = createConnectionOptions({ servers, credentialsFile });
    const [answer] = [authenticator].flat();
    write("first");
    expect(answer?.("nonce")).toMatchObject({ jwt: "first", nkey: user.getPublicKey() });
    write("second");
    expect(answer?.("nonce")).toMatchObject({ jwt: "second" });
  });
});

function part(name: string, text: string): string {
  return `-----BEGIN ${name}-----\n${text}\n------END ${name}------\n`;
}

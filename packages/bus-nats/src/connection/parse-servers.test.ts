import { describe, expect, it } from "vitest";
import { parseServers } from "./parse-servers.ts";

const ada = { user: "ada", password: "secret" };

describe("parseServers()", () => {
  it.each([
    ["127.0.0.1:4222", ["127.0.0.1:4222"], undefined],
    ["nats://a:4222, nats://b", ["nats://a:4222", "nats://b"], undefined],
    ["nats://ada:secret@a:4222", ["nats://a:4222"], ada],
    ["ada:secret@a", ["a"], ada],
    ["nats://t0ken@a", ["nats://a"], { token: "t0ken" }],
    ["tls://ada:s%40c%3Ar%2Fet%25@a", ["tls://a"], { user: "ada", password: "s@c:r/et%" }],
    ["nats://ada:p@ss@[::1]:4222", ["nats://[::1]:4222"], { user: "ada", password: "p@ss" }],
    ["nats://ada:@a", ["nats://a"], { user: "ada", password: "" }],
    ["nats://ada:secret@a,nats://b,nats://ada:secret@c", ["nats://a", "nats://b", "nats://c"], ada],
  ])("parses %s", (servers, addresses, credentials) => {
    expect(parseServers(servers)).toEqual({ addresses, credentials });
    expect(parseServers(servers.split(","))).toEqual({ addresses, credentials });
  });

  it.each([
    ["", "name at least one server"],
    [" , ", "name at least one server"],
    ["nats://ada:secret@a,nats://bob:secret@b", "different credentials"],
    ["wss://ada:secret@a", "a WebSocket address"],
    ["nats://ada:50%secret@a", "not percent-encoded"],
    ["nats://ada:secret,word@a", "a comma as %2C"],
    ["nats://ada:secret", "without a host"],
    ["nats://ada:secret@", "without a host"],
  ])("refuses %s without showing a credential", (servers, message) => {
    expect(() => parseServers(servers)).toThrow(message);
    expect(() => parseServers(servers)).not.toThrow("secret");
  });
});

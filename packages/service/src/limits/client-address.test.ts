import { describe, expect, it } from "vitest";
import { parseProxies, readClientAddress } from "./client-address.ts";

const proxies = parseProxies(["10.0.0.0/8", "192.168.1.7", "fd00::/8"]);
const read = (remote: string, forwarded?: string) =>
  readClientAddress(remote, {
    headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded },
    proxies,
  });

describe("readClientAddress()", () => {
  it.each([
    ["the address of a connection", "203.0.113.9", undefined, "203.0.113.9"],
    ["not what an untrusted address forwards", "203.0.113.9", "198.51.100.1", "203.0.113.9"],
    ["what a proxy forwards", "10.1.2.3", "198.51.100.1", "198.51.100.1"],
    [
      "the last address before the proxies",
      "10.1.2.3",
      "1.1.1.1, 198.51.100.1, 192.168.1.7",
      "198.51.100.1",
    ],
    ["a proxy that forwards nothing", "10.1.2.3", undefined, "10.1.2.3"],
    ["a proxy that forwards nonsense", "10.1.2.3", "unknown", "10.1.2.3"],
    ["an IPv4 address of an IPv6 socket", "::ffff:10.1.2.3", "198.51.100.1", "198.51.100.1"],
    ["the network of an IPv6 address", "2001:db8:1:2:3:4:5:6", undefined, "2001:db8:1:2::/64"],
    ["the network of a short IPv6 address", "2001:DB8::1", undefined, "2001:db8:0:0::/64"],
    ["an IPv4 address in hexadecimal digits", "::ffff:cb00:7109", undefined, "203.0.113.9"],
    ["an IPv4 address in the long form", "0:0:0:0:0:FFFF:10.1.2.3", "1.1.1.1", "1.1.1.1"],
    ["a forwarded IPv4 address of an IPv6 socket", "10.1.2.3", "::ffff:1.1.1.1", "1.1.1.1"],
    ["the network of an address with a zone", "fe80::1%eth0", undefined, "fe80:0:0:0::/64"],
    ["the network of the loopback address", "::1", undefined, "0:0:0:0::/64"],
    ["nothing of a closed connection", "", undefined, ""],
    ["what an IPv6 proxy forwards", "fd00::1", "2001:db8:1:2::9", "2001:db8:1:2::/64"],
  ])("returns %s", (_what, remote, forwarded, expected) => {
    expect(read(remote, forwarded)).toBe(expected);
  });
});

describe("parseProxies()", () => {
  it.each(["localhost", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/-1", "fd00::/200"])(
    "refuses %s",
    (entry) => {
      expect(() => parseProxies([entry])).toThrow("expected an IP address or a network");
    },
  );
});

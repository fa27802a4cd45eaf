import type { IncomingHttpHeaders } from "node:http";
import { BlockList, isIP, isIPv6 } from "node:net";

/** Whose `x-forwarded-for` is believed. */
export interface ProxyList {
  has(address: string): boolean;
}

/**
 * Parses the addresses of proxies: IP addresses and networks such as `10.0.0.0/8`. Throws for anything
 * else.
 */
export function parseProxies(entries: readonly string[]): ProxyList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = "", prefix] = entry.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    const maxBits = family === "ipv6" ? 128 : 32;
    const bits = prefix === undefined ? maxBits : Number(prefix);
    const isPrefix = Number.isInteger(bits) && bits >= 0 && bits <= maxBits && prefix !== "";
    if (isIP(address) === 0 || !isPrefix) {
      throw new Error(`expected an IP address or a network such as 10.0.0.0/8, got "${entry}"`);
    }
    list.addSubnet(address, bits, family);
  }
  return {
    has: (address) => isIP(address) !== 0 && list.check(address, isIPv6(address) ? "ipv6" : "ipv4"),
  };
}

/**
 * Returns the address of a client: that of the connection, or behind a trusted proxy the last one in
 * `x-forwarded-for` that no trusted proxy has. An IPv6 address is that of its network of 64 bits, which one
 * client has for itself.
 */
export function readClientAddress(
  remoteAddress: string | undefined,
  { headers, proxies }: { readonly headers: IncomingHttpHeaders; readonly proxies: ProxyList },
): string {
  let address = normalize(remoteAddress ?? "");
  const forwarded = String(headers["x-forwarded-for"] ?? "").split(",");
  while (proxies.has(address)) {
    const previous = normalize(forwarded.pop()?.trim() ?? "");
    if (isIP(previous) === 0) break;
    address = previous;
  }
  return isIPv6(address) ? toNetwork(address) : address;
}

/** An IPv4 client of an IPv6 socket has an address such as ::ffff:10.0.0.1. */
function normalize(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "");
}

function toNetwork(address: string): string {
  const [head = "", tail = ""] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const rest = address.includes("::") ? tail.split(":").filter((group) => group !== "") : [];
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => "0");
  const network = [...groups, ...zeros, ...rest].slice(0, 4);
  return `${network.map((group) => Number.parseInt(group, 16).toString(16)).join(":")}::/64`;
}

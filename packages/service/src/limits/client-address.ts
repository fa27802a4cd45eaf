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
    has: (address) => {
      if (isIP(address) === 0) return false;
      const key = toAddressKey(address);
      return isIP(key) === 4 ? list.check(key) : list.check(address, "ipv6");
    },
  };
}

/**
 * Returns the address of a client: that of the connection, or behind a trusted proxy the last one in
 * `x-forwarded-for` that no trusted proxy has.
 */
export function readClientAddress(
  remoteAddress: string | undefined,
  { headers, proxies }: { readonly headers: IncomingHttpHeaders; readonly proxies: ProxyList },
): string {
  let address = remoteAddress ?? "";
  const forwarded = String(headers["x-forwarded-for"] ?? "").split(",");
  while (proxies.has(address)) {
    const previous = forwarded.pop()?.trim() ?? "";
    if (isIP(previous) === 0) break;
    address = previous;
  }
  return toAddressKey(address);
}

/**
 * Returns what the limits of an address count by: an IPv4 address, also where an IPv6 socket has it as
 * `::ffff:10.0.0.1`, or the network of 64 bits of an IPv6 address, which one client has for itself. Returns
 * anything else as it is.
 */
export function toAddressKey(address: string): string {
  const groups = parseIPv6(address);
  if (groups === undefined) return address;
  const [high = 0, low = 0] = groups.slice(6);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xff_ff;
  if (isMapped) return [high >> 8, high & 0xff, low >> 8, low & 0xff].join(".");
  const network = groups.slice(0, 4).map((group) => group.toString(16));
  return `${network.join(":")}::/64`;
}

/** Returns the eight groups of an IPv6 address. */
function parseIPv6(address: string): number[] | undefined {
  if (!isIPv6(address)) return undefined;
  const [unscoped] = address.split("%", 1);
  // The parser of URLs writes every form of an address the same way, without dots.
  const text = URL.parse(`http://[${unscoped}]`)?.hostname.slice(1, -1);
  if (text === undefined) return undefined;
  const [head = "", tail] = text.split("::");
  const [first, last] = [toGroups(head), toGroups(tail ?? "")];
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => 0);
  return [...first, ...zeros, ...last];
}

function toGroups(part: string): number[] {
  return part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
}

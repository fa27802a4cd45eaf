import { BusError } from "@fanfare/bus";

/** The credentials that an address contains. */
export type UrlCredentials =
  | { readonly user: string; readonly password: string }
  | { readonly token: string };

/** The addresses of servers, apart from the credentials that they contained. */
export interface Servers {
  /** Without credentials: safe to show. */
  readonly addresses: readonly string[];
  readonly credentials: UrlCredentials | undefined;
}

/**
 * Parses addresses such as `nats://user:password@host:4222`, `nats://token@host` or `host:4222`, in a list
 * or joined by commas. The credentials are percent-decoded and count for all servers. Throws
 * `invalid_argument`, and never shows a credential.
 */
export function parseServers(servers: string | readonly string[]): Servers {
  const list = [servers]
    .flat()
    .flatMap((one) => one.split(","))
    .map((one) => one.trim())
    .filter((one) => one !== "");
  if (list.length === 0) {
    throw new BusError("invalid_argument", "servers is empty: name at least one server");
  }
  const parsed = list.map(splitCredentials);
  const found = parsed.flatMap(({ credentials }) => credentials ?? []);
  const [first] = found;
  if (found.some((one) => JSON.stringify(one) !== JSON.stringify(first))) {
    const message =
      "servers contains different credentials: name the same in each address, or in one of them";
    throw new BusError("invalid_argument", message);
  }
  return { addresses: parsed.map(({ address }) => address), credentials: first };
}

/** The address of a server, apart from its credentials. */
interface SplitAddress {
  readonly address: string;
  readonly credentials: UrlCredentials | undefined;
}

/** Anything else may be a part of a password, and is not shown. */
const hostAndPort = /^(\[[^\]\s]+\]|[^:/\s]+)(:\d+)?\/?$/;

/** Splits an address at the last `@`: a password may contain others. */
function splitCredentials(text: string): SplitAddress {
  if (/^wss?:/i.test(text)) {
    const message = "servers contains a WebSocket address: expected one such as nats://host:4222";
    throw new BusError("invalid_argument", message);
  }
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0] ?? "";
  const rest = text.slice(scheme.length);
  const end = rest.lastIndexOf("@");
  const host = rest.slice(end + 1);
  if (!hostAndPort.test(host)) {
    const message =
      "servers contains an address without a host, or with a port that is no number: expected one such as nats://user:password@host:4222, with the credentials percent-encoded (a comma as %2C)";
    throw new BusError("invalid_argument", message);
  }
  const address = `${scheme}${host}`;
  if (end <= 0) return { address, credentials: undefined };
  const userInfo = rest.slice(0, end);
  const colon = userInfo.indexOf(":");
  try {
    if (colon < 0) return { address, credentials: { token: decodeURIComponent(userInfo) } };
    const user = decodeURIComponent(userInfo.slice(0, colon));
    return {
      address,
      credentials: { user, password: decodeURIComponent(userInfo.slice(colon + 1)) },
    };
  } catch {
    const message = `the credentials in the address of ${address} are not percent-encoded: write % as %25`;
    throw new BusError("invalid_argument", message);
  }
}

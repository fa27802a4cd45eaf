import { isIP } from "node:net";
import type { TLSSocket } from "node:tls";
import { connect } from "node:tls";
import type { TlsMaterial } from "../tls/tls-files.ts";

/** Opens a connection of HTTP/2 over TLS. The certificate of the server has to be for the host of the URL. */
export function connectTls({ hostname, port }: URL, material: TlsMaterial): TLSSocket {
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  return connect({
    ...material,
    host,
    port: port === "" ? 443 : Number(port),
    // The name of a server cannot be an address (RFC 6066, section 3).
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ALPNProtocols: ["h2"],
  });
}

import type { Socket } from "node:net";
import { toAddressKey } from "./client-address.ts";
import type { ConnectionLimits } from "./connection-limits.ts";

/** How many connections are open, in all and from each address, of which an IPv6 network is one. */
export interface Admission {
  /**
   * Admits a new connection. At a limit, the connection that has been idle for longest is closed for it,
   * and without an idle one the new connection is. Returns whether it is admitted.
   */
  admit(socket: Socket): boolean;
  /** Marks a connection as one that must stay open. */
  setBusy(socket: Socket): void;
  /** Marks a connection as one without a request in flight. */
  setIdle(socket: Socket): void;
  /** Counts a connection no more. Its end does so as well. */
  remove(socket: Socket): void;
}

interface Peer {
  open: number;
  /** In the order in which they became idle. */
  readonly idle: Set<Socket>;
}

/** Creates the admission of a listener. Addresses of `isTrusted` have no limit of their own. */
export function createAdmission(
  limits: Pick<ConnectionLimits, "maxConnections" | "maxConnectionsPerAddress">,
  isTrusted: (address: string) => boolean = () => false,
): Admission {
  const peers = new Map<string, Peer>();
  /** The key of the address of each connection. */
  const owners = new Map<Socket, string>();
  const idle = new Set<Socket>();

  function remove(socket: Socket): void {
    const key = owners.get(socket);
    const peer = key === undefined ? undefined : peers.get(key);
    if (key === undefined || peer === undefined) return;
    owners.delete(socket);
    idle.delete(socket);
    peer.idle.delete(socket);
    peer.open -= 1;
    if (peer.open === 0) peers.delete(key);
  }

  function makeRoom(among: ReadonlySet<Socket>): boolean {
    const [oldest] = among;
    if (oldest === undefined) return false;
    remove(oldest);
    oldest.destroy();
    return true;
  }

  function hasRoom(key: string, address: string): boolean {
    const peer = peers.get(key);
    const isFull = (peer?.open ?? 0) >= limits.maxConnectionsPerAddress && !isTrusted(address);
    if (isFull && !makeRoom(peer?.idle ?? new Set())) return false;
    return owners.size < limits.maxConnections || makeRoom(idle);
  }

  return {
    remove,
    admit(socket) {
      const address = socket.remoteAddress;
      const key = toAddressKey(address ?? "");
      if (address === undefined || !hasRoom(key, address)) {
        socket.destroy();
        return false;
      }
      const peer = peers.get(key) ?? { open: 0, idle: new Set() };
      peers.set(key, peer);
      peer.open += 1;
      peer.idle.add(socket);
      owners.set(socket, key);
      idle.add(socket);
      socket.once("close", () => remove(socket));
      return true;
    },
    setBusy(socket) {
      idle.delete(socket);
      peers.get(owners.get(socket) ?? "")?.idle.delete(socket);
    },
    setIdle(socket) {
      const key = owners.get(socket);
      if (key === undefined) return;
      idle.add(socket);
      peers.get(key)?.idle.add(socket);
    },
  };
}

import type { Http2Session } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import { Http2SessionManager } from "@connectrpc/connect-node";
import { redactUrls } from "../process/redact-urls.ts";
import type { TlsReader } from "../tls/tls-files.ts";
import { connectTls } from "./connect-tls.ts";

/** How many connections are kept, for how long, and with which certificates. */
export interface SessionOptions {
  readonly connections: number;
  /** Connections live half to all of this time, in milliseconds. */
  readonly maxAgeMs: number;
  /** Read for each connection to an https address. Default: the authorities of Node.js alone. */
  readonly tls?: TlsReader | undefined;
}

/** The connections to one address. Connect's transport takes it as its session manager. */
export interface RotatingSessions
  extends Pick<Http2SessionManager, "authority" | "request" | "notifyResponseByteRead"> {
  /** Closes all connections and aborts their calls. */
  close(): void;
}

interface Session {
  readonly manager: Http2SessionManager;
  readonly expiresAt: number;
}

/** A connection without calls is closed after this time. */
const idleTimeoutMs = 30_000;
const pings = { pingIntervalMs: 5000, pingTimeoutMs: 5000 };
// In megabytes. Node.js fails every call while more than this waits to be sent; its default is 10.
const http2Options = { maxSessionMemory: 1000 };

/**
 * Creates connections to an address, which calls use in turn. Behind the address may be several
 * processes: a single connection would lead all calls of this process to one of them, also when others
 * start. A connection that has reached its age takes no further calls, and closes after its last one.
 */
export function createRotatingSessions(
  baseUrl: string,
  { connections, maxAgeMs, tls }: SessionOptions,
): RotatingSessions {
  const sessionOptions =
    tls === undefined || new URL(baseUrl).protocol !== "https:"
      ? http2Options
      : { ...http2Options, createConnection: (url: URL) => connectTls(url, tls.read()) };
  const sessions: Session[] = [];
  const retired = new Set<Http2SessionManager>();
  const guarded = new WeakSet<Http2Session>();
  let calls = 0;

  function chooseSession(): Http2SessionManager {
    const slot = calls++ % connections;
    const now = performance.now();
    const current = sessions[slot];
    if (current !== undefined && now < current.expiresAt) return current.manager;
    if (current !== undefined) retire(current.manager);
    const manager = new Http2SessionManager(
      baseUrl,
      { ...pings, idleConnectionTimeoutMs: idleTimeoutMs },
      sessionOptions,
    );
    sessions[slot] = { manager, expiresAt: now + maxAgeMs * (0.5 + Math.random() / 2) };
    return manager;
  }

  function retire(manager: Http2SessionManager): void {
    for (const old of retired) {
      if (["closed", "error"].includes(old.state())) retired.delete(old);
    }
    retired.add(manager);
  }

  /**
   * Keeps the process alive when a connection fails after its manager has left it: a call that starts while
   * the server's GOAWAY is handled makes the manager remove its listener before the error is emitted. The
   * streams have errors of their own.
   */
  function guardSession(session: Http2Session | undefined): void {
    if (session === undefined || guarded.has(session)) return;
    guarded.add(session);
    session.on("error", () => {});
  }

  const listManagers = () => [...sessions.map(({ manager }) => manager), ...retired];
  return {
    authority: new URL(baseUrl).origin,
    async request(...request) {
      const stream = await chooseSession()
        .request(...request)
        .catch((reason: unknown) => {
          throw toConnectionError(baseUrl, reason);
        });
      guardSession(stream.session);
      return stream;
    },
    notifyResponseByteRead(stream) {
      for (const manager of listManagers()) manager.notifyResponseByteRead(stream);
    },
    close() {
      for (const manager of listManagers()) manager.abort();
    },
  };
}

/**
 * Returns `unavailable` for a connection that cannot be opened, such as one whose certificate is refused,
 * which is `internal` for Connect. Nothing was sent.
 */
function toConnectionError(baseUrl: string, reason: unknown): unknown {
  if (!(reason instanceof ConnectError) || reason.code !== Code.Internal) return reason;
  const message = `cannot connect to ${redactUrls(baseUrl)}: ${reason.rawMessage}`;
  return new ConnectError(message, Code.Unavailable, undefined, undefined, reason.cause);
}

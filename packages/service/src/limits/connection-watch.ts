import { constants } from "node:http2";
import type { ConnectionLimits } from "./connection-limits.ts";

/** The state of a connection at a check. */
export type Verdict = "keep" | "idle" | "dead";

/** The part of an HTTP/2 session that is watched. */
export interface WatchedSession {
  ping(callback: () => void): boolean;
  destroy(error: undefined, code: number): void;
  on(event: "ping" | "remoteSettings", listener: () => void): unknown;
}

/** What a connection has sent, and when. */
export interface ConnectionWatch {
  addSession(session: WatchedSession): void;
  /** Records that the last request in flight has ended. */
  rest(): void;
  /** Returns whether the connection is idle or dead. Pings a session whose client has long been silent. */
  check(session: WatchedSession | undefined, isBusy: boolean): Verdict;
}

/** A client that sent nothing for this time while it waits is pinged, and is dead after twice the time. */
const silenceMs = 20_000;
/** The frames of PING and SETTINGS that a client may send between two checks. */
const maxControlFrames = 1000;

/** Watches a connection: it may idle, and a client that waits for a response must be reachable. */
export function watchConnection(
  socket: { readonly bytesRead: number },
  { idleTimeoutMs, firstRequestTimeoutMs }: ConnectionLimits,
): ConnectionWatch {
  let restsSince = performance.now();
  let mayRestMs = firstRequestTimeoutMs;
  let activeAt = restsSince;
  let bytesRead = 0;
  let isPinged = false;
  let controlFrames = 0;

  function listen(now: number): number {
    if (socket.bytesRead !== bytesRead) {
      bytesRead = socket.bytesRead;
      activeAt = now;
      isPinged = false;
    }
    return now - activeAt;
  }

  return {
    addSession(session) {
      const count = () => {
        controlFrames += 1;
        if (controlFrames > maxControlFrames) {
          session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
        }
      };
      session.on("ping", count);
      session.on("remoteSettings", count);
    },
    rest() {
      restsSince = performance.now();
      mayRestMs = idleTimeoutMs;
    },
    check(session, isBusy) {
      const now = performance.now();
      controlFrames = 0;
      if (!isBusy) return now - restsSince > mayRestMs ? "idle" : "keep";
      if (session === undefined) return "keep";
      const silence = listen(now);
      if (isPinged && silence > 2 * silenceMs) return "dead";
      if (!isPinged && silence > silenceMs) {
        isPinged = true;
        session.ping(() => {});
      }
      return "keep";
    },
  };
}

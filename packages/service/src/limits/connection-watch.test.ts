import { EventEmitter } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { defaultConnectionLimits } from "./connection-limits.ts";
import { type WatchedSession, watchConnection } from "./connection-watch.ts";

/** Creates a session that records what the server does to it. */
function createSession() {
  const emitter = new EventEmitter();
  const ping = vi.fn<() => boolean>(() => true);
  const destroy = vi.fn<() => void>();
  const session: WatchedSession = {
    ping,
    destroy,
    on: (event, listener) => emitter.on(event, listener),
  };
  return { session, emitter, ping, destroy };
}

function watch() {
  const socket = { bytesRead: 0 };
  return { socket, watched: watchConnection(socket, defaultConnectionLimits) };
}

describe("watchConnection()", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
  afterEach(() => void vi.useRealTimers());

  it("finds a connection idle that sends no request in time, and one that rests too long", () => {
    const { watched } = watch();
    vi.advanceTimersByTime(14_000);
    expect(watched.check(undefined, false)).toBe("keep");
    vi.advanceTimersByTime(2000);
    expect(watched.check(undefined, true)).toBe("keep");
    expect(watched.check(undefined, false)).toBe("idle");
    watched.rest();
    vi.advanceTimersByTime(59_000);
    expect(watched.check(undefined, false)).toBe("keep");
    vi.advanceTimersByTime(2000);
    expect(watched.check(undefined, false)).toBe("idle");
  });

  it("pings a silent client that waits for a response, and gives a dead one up", () => {
    const { socket, watched } = watch();
    const { session, ping } = createSession();
    vi.advanceTimersByTime(21_000);
    expect(watched.check(session, true)).toBe("keep");
    expect(ping).toHaveBeenCalledOnce();
    socket.bytesRead = 17;
    vi.advanceTimersByTime(25_000);
    expect(watched.check(session, true)).toBe("keep");
    vi.advanceTimersByTime(21_000);
    expect(watched.check(session, true)).toBe("keep");
    expect(ping).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(20_000);
    expect(watched.check(session, true)).toBe("dead");
  });

  it("ends a session that floods PING and SETTINGS", () => {
    const { watched } = watch();
    const { session, emitter, destroy } = createSession();
    watched.addSession(session);
    for (let frame = 0; frame < 900; frame += 1) emitter.emit("ping");
    watched.check(session, false);
    for (let frame = 0; frame < 500; frame += 1) emitter.emit("ping");
    expect(destroy).not.toHaveBeenCalled();
    for (let frame = 0; frame < 600; frame += 1) emitter.emit("remoteSettings");
    expect(destroy).toHaveBeenCalled();
  });
});

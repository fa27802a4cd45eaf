import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { addHeartbeats, heartbeat } from "./heartbeats.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = new AbortController().signal;

/** Yields 1, and 2 after 25 s, then waits until its signal aborts. */
async function* count(signal: AbortSignal): AsyncGenerator<number> {
  yield 1;
  await new Promise((resolve) => setTimeout(resolve, 25_000));
  yield 2;
  await new Promise((_resolve, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason)),
  );
}

it("yields a heartbeat after each interval without anything", async () => {
  const stream = addHeartbeats(count, { intervalMs: 10_000, signal: never });
  const seen: unknown[] = [];
  for (let step = 0; step < 5; step++) {
    const next = stream.next();
    await vi.advanceTimersByTimeAsync(10_000);
    seen.push((await next).value);
  }
  expect(seen).toEqual([1, heartbeat, heartbeat, 2, heartbeat]);
  await stream.return(undefined).catch(() => undefined);
  expect(vi.getTimerCount()).toBe(0);
});

it("rejects with the reason of the signal, and leaves no timer", async () => {
  const stop = new AbortController();
  const stream = addHeartbeats(count, { intervalMs: 60_000, signal: stop.signal });
  await stream.next();
  const second = stream.next();
  await vi.advanceTimersByTimeAsync(25_000);
  await second;
  const third = stream.next().catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(1);
  const reason = new Error("stopping");
  stop.abort(reason);
  expect(await third).toBe(reason);
  expect(vi.getTimerCount()).toBe(0);
});

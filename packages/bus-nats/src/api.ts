import { BusError } from "@fanfare/bus";
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { backoffMs } from "./backoff.ts";
import { isPassing, toBusError } from "./errors.ts";
import { createFailure } from "./failure.ts";
import type { Link } from "./link.ts";
import { pause, type Until } from "./until.ts";

/**
 * callApi runs calls of JetStream's API, waits for the connection and tries again when it is lost:
 * let `run` be harmless when it is repeated. Rejects with a BusError; `about` says what was tried.
 */
export async function callApi<T>(
  link: Link,
  call: { readonly about: string; readonly until: Until },
  run: (api: JetStreamManager) => Promise<T>,
): Promise<T> {
  const { about, until } = call;
  for (let failures = 1; ; failures += 1) {
    const error = await attempt(link, until, run).then(
      (value) => ({ value }),
      (reason: unknown) => toBusError(reason, about),
    );
    if (!(error instanceof BusError)) return error.value;
    const again = isPassing(error) || error.code === "deadline_exceeded";
    if (!again || Date.now() >= until.deadlineAt) throw error;
    await pause(backoffMs(failures), until);
  }
}

async function attempt<T>(
  link: Link,
  until: Until,
  run: (api: JetStreamManager) => Promise<T>,
): Promise<T> {
  const connection = await link.connected(until);
  const timeout = Math.max(1, Math.min(5_000, until.deadlineAt - Date.now()));
  const api = await jetstreamManager(connection, { checkAPI: false, timeout });
  const { failed, fail } = createFailure();
  const unwatch = link.watch({
    down: fail,
    closed: () => fail(new BusError("aborted", "the bus is closed")),
  });
  try {
    return await Promise.race([run(api), failed]);
  } finally {
    unwatch();
  }
}

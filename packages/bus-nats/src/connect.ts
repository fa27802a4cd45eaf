import { BusError, createBus, type EventBus } from "@fanfare/bus";
import { createJetStreamBroker } from "./broker.ts";
import { createFailure } from "./failure.ts";
import { openLink } from "./link.ts";
import { type NatsOptions, settingsOf } from "./settings.ts";

/**
 * connectNats opens a bus over JetStream.
 *
 * It resolves once connected, or after `connectTimeoutMs` without an answer: then it goes on
 * trying for ever, `health()` says so, and what is asked of the bus meanwhile waits for the
 * connection until its own deadline. It rejects with `permission_denied` when the server does not
 * know this user, and with `invalid_argument` for options that cannot work.
 */
export async function connectNats(options: NatsOptions): Promise<EventBus> {
  const settings = settingsOf(options);
  const link = openLink(options);
  const broker = createJetStreamBroker(link, settings);
  const until = { deadlineAt: Date.now() + settings.connectTimeoutMs };
  const { failed, fail } = createFailure();
  const unwatch = link.watch({
    failed(error) {
      if (!error.retryable) fail(error);
    },
  });
  try {
    await Promise.race([link.connected(until), failed]);
  } catch (reason) {
    const error = BusError.from(reason);
    if (!error.retryable) {
      await link.close(until);
      throw error;
    }
  } finally {
    unwatch();
  }
  const { source = options.name ?? "fanfare", interceptors = [] } = options;
  return createBus(broker, { source, interceptors });
}

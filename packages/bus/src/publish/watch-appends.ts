import type { Broker } from "../broker.ts";
import { type BusCode, BusError } from "../error.ts";
import type { PublishFailure } from "../health.ts";

/** The failures that say nothing about the broker: of the event, or of a caller that gave up. */
const ownFailures: ReadonlySet<BusCode> = new Set([
  "aborted",
  "already_stored",
  "invalid_argument",
  "too_large",
  "unsupported",
]);

/** The part of a broker that publishing uses. */
export type Appender = Pick<Broker, "name" | "features" | "clock" | "append" | "appendAll">;

/** An appender that is watched. */
export interface WatchedAppender {
  readonly appender: Appender;
  /** Lists the topics whose last append failed. */
  listFailures(): readonly PublishFailure[];
}

/** Remembers of each topic how many appends have failed since the last one that succeeded. */
export function watchAppends(broker: Appender): WatchedAppender {
  const failures = new Map<string, PublishFailure>();

  function recordFailure(topic: string, reason: unknown): void {
    const error = BusError.from(reason);
    if (ownFailures.has(error.code)) return;
    const { since, count } = failures.get(topic) ?? { since: broker.clock.now(), count: 0 };
    failures.set(topic, { topic, since, count: count + 1, error });
  }

  function watch<T>(topic: string, appending: Promise<T>): Promise<T> {
    appending.then(
      () => failures.delete(topic),
      (reason: unknown) => recordFailure(topic, reason),
    );
    return appending;
  }

  const { name, clock, appendAll } = broker;
  return {
    appender: {
      name,
      clock,
      // The limits of a server are known once it is connected.
      get features() {
        return broker.features;
      },
      append: (record, options) => watch(record.topic, broker.append(record, options)),
      ...(appendAll === undefined
        ? {}
        : {
            appendAll: (records, options) =>
              watch(records[0]?.topic ?? "", appendAll.call(broker, records, options)),
          }),
    },
    listFailures: () => [...failures.values()],
  };
}

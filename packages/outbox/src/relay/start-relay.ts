import type { DescService } from "@bufbuild/protobuf";
import { BusError, checkTopic, type EventBus, type EventMethod, readTopic } from "@fanfare/bus";
import { checkAtLeast, settlesWithin } from "@fanfare/bus/kit";
import type { Kysely } from "kysely";
import { checkDelays, checkGracePeriod } from "../check-options.ts";
import { explainMissingTable } from "../missing-table.ts";
import { type BatchResult, publishBatch } from "./publish-batch.ts";
import type { Relay, RelayOptions } from "./relay.ts";
import { type Rejection, rejectUnknownTopics } from "./relay-store.ts";
import { createRetryDelays } from "./retry-delays.ts";
import { createWakeUpSignal } from "./wake-up-signal.ts";

/** The longest time between two searches for events of unknown topics. */
const maxRejectIntervalMs = 60_000;
/** The name of the database among the retry delays, where topics are the other names. */
const database = "the database";

/**
 * Starts a relay, which publishes the committed events of an outbox until it is stopped. Any number of
 * processes may run one at the same time. It starts before the database and the broker do, and retries
 * while either is unavailable.
 *
 * Throws `invalid_argument` for an invalid option, and `unknown_topic` for a service without events.
 *
 * @example
 * await using relay = startRelay(db, bus, {
 *   services: [NoteEvents],
 *   onError: (error) => console.warn(error.message),
 *   onRejected: ({ topic, id, error }) => console.error(topic, id, error.message),
 * });
 */
export function startRelay<DB>(
  db: Kysely<DB>,
  bus: Pick<EventBus, "publishEncoded">,
  options: RelayOptions,
): Relay {
  const {
    pollIntervalMs = 1_000,
    batchSize = 500,
    workers = 2,
    leaseDurationMs = 10_000,
  } = options;
  const graceMs = options.unknownTopicGraceMs ?? 3_600_000;
  checkDelays({ pollIntervalMs, leaseDurationMs });
  checkAtLeast(1, "batchSize", batchSize);
  checkAtLeast(1, "workers", workers);
  checkGracePeriod("unknownTopicGraceMs", graceMs);
  const methods = collectMethods(options.services);
  // Plugins could change names, queries or rows.
  const plain = db.withoutPlugins();
  const wakeUp = createWakeUpSignal();
  const delays = createRetryDelays();
  const stopping = new AbortController();
  const aborting = new AbortController();
  const counts = { published: 0, duplicates: 0, rejected: 0, failures: 0 };
  let lastError: BusError | undefined;
  let rejectAt = 0;

  async function runWorker(): Promise<void> {
    while (!stopping.signal.aborted) {
      const count = wakeUp.count;
      const found = await publishNext();
      if (found || stopping.signal.aborted) continue;
      await wakeUp.wait(count, delays.untilNext(pollIntervalMs));
    }
  }

  /** Publishes a batch, and returns whether it found events. */
  async function publishNext(): Promise<boolean> {
    if (delays.isDelayed(database)) return false;
    try {
      const result = await explainMissingTable("outbox", rejectAndPublish());
      delays.recordSuccess(database);
      recordResult(result);
      return result.read > 0;
    } catch (reason) {
      recordFailure(database, BusError.from(reason, "unavailable"));
      return false;
    }
  }

  async function rejectAndPublish(): Promise<BatchResult> {
    await rejectUnknown();
    return await publishBatch({
      db: plain,
      bus,
      methods: new Map([...methods].filter(([topic]) => !delays.isDelayed(topic))),
      size: batchSize,
      leaseDurationMs,
      signal: aborting.signal,
    });
  }

  async function rejectUnknown(): Promise<void> {
    if (performance.now() < rejectAt) return;
    const intervalMs = Math.min(maxRejectIntervalMs, Math.max(graceMs, pollIntervalMs));
    rejectAt = performance.now() + intervalMs;
    const topics = [...methods.keys()];
    const rejected = await rejectUnknownTopics(plain, { topics, graceMs });
    // Added after the await, because other workers count in the meantime.
    counts.rejected += rejected;
  }

  function recordResult(result: BatchResult): void {
    counts.published += result.published;
    counts.duplicates += result.duplicates;
    counts.rejected += result.rejected.length;
    for (const topic of result.topics) delays.recordSuccess(topic);
    for (const event of result.rejected) notifyRejected(event);
    for (const [topic, error] of result.failed) recordFailure(topic, error);
  }

  function recordFailure(name: string, error: BusError): void {
    if (aborting.signal.aborted) return;
    delays.recordFailure(name);
    countFailure(error);
    notifyError(error);
  }

  function countFailure(error: BusError): void {
    counts.failures++;
    lastError = error;
  }

  /** Counts an error of a listener as a failure of its own. It does not stop the relay. */
  function notifyError(error: BusError): void {
    try {
      options.onError?.(error);
    } catch (reason) {
      countFailure(BusError.from(reason));
    }
  }

  function notifyRejected(event: Rejection): void {
    try {
      options.onRejected?.(event);
    } catch (reason) {
      const error = BusError.from(reason);
      countFailure(error);
      notifyError(error);
    }
  }

  const listening = options.listen?.("outbox", () => wakeUp.send());
  const running = Promise.all(Array.from({ length: workers }, runWorker));

  async function stop({ timeoutMs = 10_000 }: { readonly timeoutMs?: number } = {}) {
    stopping.abort();
    wakeUp.send();
    const ended = Promise.all([running, listening?.close()]);
    if (await settlesWithin(ended, timeoutMs * 0.8)) return;
    aborting.abort();
    await settlesWithin(ended, timeoutMs * 0.2);
  }

  return {
    health: () => (lastError === undefined ? { ...counts } : { ...counts, lastError }),
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}

/** Returns the methods of the services by topic. */
function collectMethods(services: readonly DescService[]): Map<string, EventMethod> {
  const methods = new Map<string, EventMethod>();
  for (const service of services) {
    for (const method of service.methods) {
      checkTopic(method);
      methods.set(readTopic(method).name, method);
    }
  }
  return methods;
}

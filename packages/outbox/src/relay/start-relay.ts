import type { DescService } from "@bufbuild/protobuf";
import { BusError, checkTopic, type EventBus, type EventMethod, readTopic } from "@fanfare/bus";
import {
  checkAtLeast,
  createBackoff,
  createContextRunner,
  notify,
  settlesWithin,
} from "@fanfare/bus/kit";
import type { Kysely } from "kysely";
import { checkDelays, checkGracePeriod } from "../check-options.ts";
import { explainMissingTable } from "../missing-table.ts";
import { pruneKeys, rejectUnknownTopics } from "./maintain-outbox.ts";
import { type BatchResult, publishBatch } from "./publish-batch.ts";
import type { Relay, RelayOptions } from "./relay.ts";
import type { Rejection } from "./relay-store.ts";
import { createRetryDelays } from "./retry-delays.ts";
import { createScanBounds } from "./scan-bounds.ts";
import { createWakeUpSignal } from "./wake-up-signal.ts";

/** The longest time between two runs of the maintenance. */
const maxMaintenanceIntervalMs = 60_000;
/** The first interval between two polls after events. */
const minPollIntervalMs = 10;
/** The most events that are remembered as published and not removed. */
const maxUnremoved = 100_000;
/** The name of the database among the retry delays, where topics are the other names. */
const database = "the database";
const listener = "a listener";

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
  const { pollIntervalMs = 200, batchSize = 500, workers = 2, leaseDurationMs = 10_000 } = options;
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
  const bounds = createScanBounds();
  const unremoved = new Map<string, string>();
  const untilPoll = createBackoff({
    initialIntervalMs: Math.min(minPollIntervalMs, pollIntervalMs),
    maxIntervalMs: pollIntervalMs,
  });
  const runClean = createContextRunner();
  const stopping = new AbortController();
  const aborting = new AbortController();
  const counts = { published: 0, duplicates: 0, rejected: 0, failures: 0 };
  /** The last error, by the name of what failed. */
  let lastFailure: { readonly name: string; readonly error: BusError } | undefined;
  let maintainAt = 0;
  /** The workers that are at a batch. */
  let working = 0;

  async function runWorker(): Promise<void> {
    let idlePolls = 0;
    while (!stopping.signal.aborted) {
      const count = wakeUp.count;
      if (await publishNext()) {
        idlePolls = 0;
        // More may wait than this worker can take.
        wakeUp.send();
        continue;
      }
      if (stopping.signal.aborted) return;
      await wakeUp.wait(count, delays.untilNext(untilPoll(++idlePolls)));
      if (wakeUp.count > count) idlePolls = 0;
    }
  }

  /** Publishes a batch, and returns whether it found events. */
  async function publishNext(): Promise<boolean> {
    if (delays.isDelayed(database)) return false;
    const failuresBefore = counts.failures;
    let isAlone = working === 0;
    working += 1;
    try {
      const result = await explainMissingTable("outbox", maintainAndPublish());
      isAlone &&= working === 1 && counts.failures === failuresBefore;
      // A worker that finds nothing beside another one proves nothing: the other may have the events, and
      // be unable to remove them.
      const hasWorked = result.read > 0 || isAlone;
      if (result.storeError === undefined && hasWorked) recordSuccess(database);
      recordResult(result);
      return result.read > 0;
    } catch (reason) {
      bounds.clear();
      recordFailure(database, BusError.from(reason, "unavailable"));
      return false;
    } finally {
      working -= 1;
    }
  }

  async function maintainAndPublish(): Promise<BatchResult> {
    if (performance.now() >= maintainAt) await maintain();
    return await publishBatch({
      db: plain,
      bus,
      methods: new Map([...methods].filter(([topic]) => !delays.isDelayed(topic))),
      size: batchSize,
      leaseDurationMs,
      bounds,
      unremoved,
      signal: aborting.signal,
    });
  }

  async function maintain(): Promise<void> {
    const intervalMs = Math.min(maxMaintenanceIntervalMs, Math.max(graceMs, pollIntervalMs));
    maintainAt = performance.now() + intervalMs;
    // Finds what the bounds cannot know, such as a rejected event that an operator resets.
    bounds.clear();
    if (unremoved.size > maxUnremoved) unremoved.clear();
    const topics = [...methods.keys()];
    const rejected = await rejectUnknownTopics(plain, { topics, graceMs });
    // Added after the await, because other workers count in the meantime.
    counts.rejected += rejected;
    await pruneKeys(plain);
  }

  function recordResult(result: BatchResult): void {
    counts.published += result.published;
    counts.duplicates += result.duplicates;
    counts.rejected += result.rejected.length;
    for (const topic of result.topics) recordSuccess(topic);
    for (const event of result.rejected) notifyRejected(event);
    for (const [topic, error] of result.failed) recordFailure(topic, error);
    if (result.storeError !== undefined) recordFailure(database, BusError.from(result.storeError));
  }

  function recordSuccess(name: string): void {
    delays.recordSuccess(name);
    if (lastFailure?.name === name) lastFailure = undefined;
  }

  function recordFailure(name: string, error: BusError): void {
    if (aborting.signal.aborted) return;
    delays.recordFailure(name);
    countFailure(name, error);
    notifyError(error);
  }

  function countFailure(name: string, error: BusError): void {
    counts.failures++;
    lastFailure = { name, error };
  }

  /** Counts an error of a listener as a failure of its own. It does not stop the relay. */
  function notifyError(error: BusError): void {
    runClean(() =>
      notify(options.onError, [error], (reason) => countFailure(listener, BusError.from(reason))),
    );
  }

  function notifyRejected(event: Rejection): void {
    runClean(() =>
      notify(options.onRejected, [event], (reason) => {
        const error = BusError.from(reason);
        countFailure(listener, error);
        notifyError(error);
      }),
    );
  }

  const running = Promise.all(Array.from({ length: workers }, runWorker));

  async function stop({ timeoutMs = 10_000 }: { readonly timeoutMs?: number } = {}) {
    stopping.abort();
    wakeUp.send();
    if (await settlesWithin(running, timeoutMs * 0.8)) return;
    aborting.abort();
    await settlesWithin(running, timeoutMs * 0.2);
  }

  return {
    health: () =>
      lastFailure === undefined ? { ...counts } : { ...counts, lastError: lastFailure.error },
    wake: () => wakeUp.send(),
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

import type { DescService } from "@bufbuild/protobuf";
import { BusError, checkTopic, type EventBus, type EventMethod, readTopic } from "@fanfare/bus";
import { settlesWithin } from "@fanfare/bus/kit";
import type { Kysely } from "kysely";
import { checkCounts, checkGrace, checkTimes } from "../check-options.ts";
import { needing } from "../missing-table.ts";
import { createRests } from "./backoff-registry.ts";
import type { Listen } from "./listen-with.ts";
import { type BatchReport, relayBatch } from "./relay-batch.ts";
import { type Rejection, rejectUnknownTopics } from "./relay-store.ts";
import { createBell } from "./wake-up-signal.ts";

export interface RelayOptions {
  /** The event services whose events are published. All relays of one outbox have the same. */
  readonly services: readonly DescService[];
  /** Wakes the relay at each commit, see `listenWith`; without it the relay polls. */
  readonly listen?: Listen | undefined;
  /** How often the relay looks without being woken, in milliseconds. Default: 1,000. */
  readonly pollIntervalMs?: number;
  /** How many events are published in one transaction, at most. Default: 500. */
  readonly batchSize?: number;
  /** How many such transactions run side by side, each on a connection of its own. Default: 2. */
  readonly workers?: number;
  /**
   * How long a relay that fell silent keeps its events from the others, in milliseconds. A batch has
   * half of it to publish. Default: 10,000.
   */
  readonly leaseDurationMs?: number;
  /**
   * How long an event waits whose topic none of the services has, in milliseconds, before it is set
   * aside: a newer version of the process may know it. Infinity for never. Default: an hour.
   */
  readonly unknownTopicGraceMs?: number;
  /** Hears of what failed and is tried again. */
  readonly onError?: (error: BusError) => void;
  /** Hears of an event that was rejected for its own sake. */
  readonly onRejected?: (event: Rejection) => void;
}

/** RelayHealth counts since the relay was started. */
export interface RelayHealth {
  readonly published: number;
  /** Of the published: those that the broker had already. */
  readonly duplicates: number;
  readonly rejected: number;
  readonly failures: number;
  readonly lastError?: BusError;
}

export interface Relay extends AsyncDisposable {
  health(): RelayHealth;
  /** stop finishes what is being published, or gives it up in time for its deadline (10,000 ms). */
  stop(options?: { readonly timeoutMs?: number }): Promise<void>;
}

const sweepMs = 60_000;
const theDatabase = "the database";

/**
 * startRelay publishes what is committed to a database's outbox, until it is stopped. Any number of
 * processes may run one at the same time. It starts before the database and the broker do, and lives
 * through the loss of either. Throws `invalid_argument`, and `unknown_topic` for a service without
 * events.
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
  checkTimes({ pollIntervalMs, leaseDurationMs });
  checkCounts({ batchSize, workers });
  checkGrace("unknownTopicGraceMs", graceMs);
  const methods = methodsOf(options.services);
  // Plugins that change names, queries or rows are for the statements of others.
  const plain = db.withoutPlugins();
  const bell = createBell();
  const rests = createRests();
  const stopping = new AbortController();
  const aborting = new AbortController();
  const counts = { published: 0, duplicates: 0, rejected: 0, failures: 0 };
  let lastError: BusError | undefined;
  let sweepAt = 0;

  async function work(): Promise<void> {
    while (!stopping.signal.aborted) {
      const since = bell.rung;
      const found = await look();
      if (!found && !stopping.signal.aborted) await bell.wait(since, rests.within(pollIntervalMs));
    }
  }

  /** look publishes a batch, and says whether it found anything. */
  async function look(): Promise<boolean> {
    if (rests.resting(theDatabase)) return false;
    try {
      const report = await needing("outbox", publishSome());
      rests.end(theDatabase);
      note(report);
      return report.taken > 0;
    } catch (reason) {
      fail(theDatabase, BusError.from(reason, "unavailable"));
      return false;
    }
  }

  async function publishSome(): Promise<BatchReport> {
    await sweep();
    return await relayBatch({
      db: plain,
      bus,
      methods: new Map([...methods].filter(([topic]) => !rests.resting(topic))),
      size: batchSize,
      leaseDurationMs,
      signal: aborting.signal,
    });
  }

  async function sweep(): Promise<void> {
    if (performance.now() < sweepAt) return;
    sweepAt = performance.now() + Math.min(sweepMs, Math.max(graceMs, pollIntervalMs));
    const unknown = await rejectUnknownTopics(plain, { topics: [...methods.keys()], graceMs });
    // After the wait, as others count meanwhile.
    counts.rejected += unknown;
  }

  function note(report: BatchReport): void {
    counts.published += report.published;
    counts.duplicates += report.duplicates;
    counts.rejected += report.rejected.length;
    for (const topic of report.topics) rests.end(topic);
    for (const event of report.rejected) notifyRejected(event);
    for (const [topic, error] of report.failed) fail(topic, error);
  }

  function fail(what: string, error: BusError): void {
    if (aborting.signal.aborted) return;
    rests.begin(what);
    count(error);
    tellError(error);
  }

  function count(error: BusError): void {
    counts.failures++;
    lastError = error;
  }

  /** What a listener throws is a failure of its own, and stops no relay. */
  function tellError(error: BusError): void {
    try {
      options.onError?.(error);
    } catch (reason) {
      count(BusError.from(reason));
    }
  }

  function notifyRejected(event: Rejection): void {
    try {
      options.onRejected?.(event);
    } catch (reason) {
      const error = BusError.from(reason);
      count(error);
      tellError(error);
    }
  }

  const listening = options.listen?.("outbox", () => bell.ring());
  const running = Promise.all(Array.from({ length: workers }, work));

  async function stop({ timeoutMs = 10_000 }: { readonly timeoutMs?: number } = {}) {
    stopping.abort();
    bell.ring();
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

function methodsOf(services: readonly DescService[]): Map<string, EventMethod> {
  const methods = new Map<string, EventMethod>();
  for (const service of services) {
    for (const method of service.methods) {
      checkTopic(method);
      methods.set(readTopic(method).name, method);
    }
  }
  return methods;
}

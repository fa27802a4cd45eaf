import type { Appended, AppendOptions, NewRecord } from "../broker.ts";
import { BusError } from "../error.ts";
import { createDeferred } from "../kit/deferred.ts";
import type { NewEvent } from "./create-event.ts";
import type { PublishOutcome } from "./publish-outcome.ts";
import { createPublishResult, type PublishPipeline } from "./publish-pipeline.ts";
import type { Appender } from "./watch-appends.ts";

/**
 * Passes events through their interceptors, then stores all of them or none. Rejects with the reason
 * when none is stored. An interceptor that publishes its event again receives the same result.
 */
export async function publishAtomically(
  { broker, encode, send, track }: PublishPipeline,
  events: readonly NewEvent[],
  options: AppendOptions,
): Promise<PublishOutcome[]> {
  const batch = new Map<number, NewRecord>();
  let expected = events.length;
  let complete = false;
  const committed = createDeferred<ReadonlyMap<NewRecord, Appended>>();
  committed.promise.catch(() => {});
  const commitWhenComplete = () => {
    if (complete || batch.size < expected) return;
    complete = true;
    const inOrder = Array.from(batch).toSorted(([a], [b]) => a - b);
    const records = inOrder.map(([, record]) => record);
    committed.resolve(track(appendAtomically(broker, records, options)));
  };

  const publishes = events.map((event, index) =>
    send(event, async (call) => {
      const record = batch.get(index) ?? encode(call);
      batch.set(index, record);
      commitWhenComplete();
      const appended = (await committed.promise).get(record);
      if (appended === undefined) {
        throw new BusError("internal", `the broker returned no result for event ${record.id}`);
      }
      return createPublishResult(record, appended);
    }).then(
      (result): PublishOutcome => {
        // An interceptor answered instead of the broker: the event is not part of the batch.
        if (!batch.has(index)) {
          expected--;
          commitWhenComplete();
        }
        return { outcome: "stored", result };
      },
      (reason: unknown) => {
        committed.reject(reason);
        throw reason;
      },
    ),
  );
  // Waits for every publish, so that none is in flight when this one rejects.
  await Promise.allSettled(publishes);
  return await Promise.all(publishes);
}

async function appendAtomically(
  broker: Appender,
  records: readonly NewRecord[],
  options: AppendOptions,
): Promise<ReadonlyMap<NewRecord, Appended>> {
  if (broker.appendAll === undefined) {
    throw new BusError(
      "unsupported",
      `the broker ${broker.name} has no atomic batches: publish without atomic`,
    );
  }
  if (records.length === 0) return new Map();
  checkBatch(broker, records);
  const appended = await broker.appendAll(records, options);
  return new Map(
    records.flatMap((record, index) => {
      const one = appended[index];
      return one === undefined ? [] : [[record, one] as const];
    }),
  );
}

function checkBatch({ features }: Appender, records: readonly NewRecord[]): void {
  const topics = new Set(records.map(({ topic }) => topic));
  if (topics.size > 1) {
    throw new BusError(
      "invalid_argument",
      `expected an atomic batch of one topic, got ${Array.from(topics).join(" and ")}: publish each topic with its own call`,
    );
  }
  const { maxBatch = Infinity } = features;
  if (records.length > maxBatch) {
    throw new BusError(
      "invalid_argument",
      `expected an atomic batch of at most ${maxBatch} events, got ${records.length}: split it`,
    );
  }
  if (new Set(records.map(({ id }) => id)).size < records.length) {
    throw new BusError(
      "invalid_argument",
      "expected an atomic batch of distinct ids, got two events with the same id",
    );
  }
}

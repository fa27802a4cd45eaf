import type { Appended, Broker, NewRecord } from "../broker.ts";
import type { PublishOptions, PublishResult } from "../bus.ts";
import { BusError } from "../error.ts";
import { chain, type Publish, type PublishCall } from "../interceptor.ts";
import { createDeferred } from "../kit/deferred.ts";

/** NewEvent is an event to be published with others, such as `createEvent` makes it. */
export interface NewEvent extends Pick<PublishCall, "method" | "message"> {
  readonly options?: Pick<PublishOptions, "id" | "headers" | "time">;
}

export interface PublishAllOptions extends Pick<PublishOptions, "signal" | "timeoutMs"> {
  /**
   * All are stored or none. They are then of one topic, as many as the broker takes at most (1,000 on
   * JetStream), and refused whole, with `already_stored`, when one of their ids is known. Default: false.
   */
  readonly atomic?: boolean;
}

/** PublishOutcome is what became of one event. */
export type PublishOutcome =
  | { readonly outcome: "stored" | "duplicate"; readonly result: PublishResult }
  /** rejected: it is not stored. unknown: it may be stored, and the same id may be published again. */
  | { readonly outcome: "rejected" | "unknown"; readonly error: BusError };

export interface PublishAllDeps {
  readonly broker: Broker;
  readonly around: readonly ((next: Publish) => Publish)[];
  readonly seal: (call: PublishCall) => NewRecord;
  /** Sees each publish as it begins, and rejects with a BusError. */
  readonly follow: (sending: Promise<PublishResult>) => Promise<PublishResult>;
}

/** How many may wait for the broker's word at a time. */
const inFlight = 1_024;
const unsettledCodes = new Set(["deadline_exceeded", "unavailable", "aborted", "no_leader"]);

/**
 * publishInOrder hands the events to the broker in their order, each once its interceptors let it, and
 * resolves with what became of each. One that is refused holds no other up.
 */
export async function publishInOrder(
  { broker, around, seal, follow }: PublishAllDeps,
  calls: readonly PublishCall[],
  timeoutMs: number,
): Promise<PublishOutcome[]> {
  const outcomes: Promise<PublishOutcome>[] = [];
  let before: Promise<void> = Promise.resolve();
  for (const call of calls) {
    await outcomes.at(-inFlight);
    const turn = before;
    const handed = createDeferred<void>();
    before = handed.promise;
    const send = chain<Publish>(async (final) => {
      const record = seal(final);
      await turn;
      const { signal } = final.options;
      const appending = broker.append(record, { timeoutMs, signal });
      handed.resolve();
      return createPublishResult(record, await appending);
    }, around);
    const sending = send(call);
    // Also when an interceptor has refused it.
    const passing = sending.catch(() => {}).then(() => turn);
    void passing.then(handed.resolve);
    outcomes.push(outcomeOf(follow(sending)));
  }
  return await Promise.all(outcomes);
}

/** publishTogether has the broker store all events or none. Rejects with the reason for none. */
export async function publishTogether(
  { broker, around, seal, follow }: PublishAllDeps,
  calls: readonly PublishCall[],
  options: { readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
): Promise<PublishOutcome[]> {
  const gathering = new Map<number, NewRecord>();
  let expected = calls.length;
  const committed = createDeferred<ReadonlyMap<NewRecord, Appended>>();
  committed.promise.catch(() => {});
  const commitWhenComplete = () => {
    if (gathering.size < expected) return;
    const inOrder = Array.from(gathering).toSorted(([a], [b]) => a - b);
    const records = inOrder.map(([, record]) => record);
    committed.resolve(appendTogether(broker, records, options));
  };

  const sendings = calls.map((call, index) => {
    const send = chain<Publish>(async (final) => {
      const record = seal(final);
      gathering.set(index, record);
      commitWhenComplete();
      const appended = (await committed.promise).get(record);
      if (appended === undefined) throw new BusError("internal", `${record.id} has no result`);
      return createPublishResult(record, appended);
    }, around);
    return follow(send(call)).then(
      (result): PublishOutcome => {
        // An interceptor answered in the broker's place: it is no part of what is stored.
        if (!gathering.has(index)) {
          expected--;
          commitWhenComplete();
        }
        return { outcome: "stored", result };
      },
      (reason: unknown) => {
        committed.reject(reason);
        throw reason;
      },
    );
  });
  // All of them, so that none is under way when this is over.
  await Promise.allSettled(sendings);
  return await Promise.all(sendings);
}

async function appendTogether(
  { name, features, appendAll }: Broker,
  records: readonly NewRecord[],
  options: { readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
): Promise<ReadonlyMap<NewRecord, Appended>> {
  if (appendAll === undefined) {
    throw new BusError("unsupported", `the broker ${name} cannot store events all or none`);
  }
  const [first] = records;
  if (first === undefined) return new Map();
  const stranger = records.find(({ topic }) => topic !== first.topic);
  if (stranger !== undefined) {
    const why = `all or none are stored of one topic, not of ${first.topic} and ${stranger.topic}`;
    throw new BusError("invalid_argument", why);
  }
  const { maxBatch = Infinity } = features;
  if (records.length > maxBatch) {
    const why = `at most ${maxBatch} events are stored all or none, not ${records.length}`;
    throw new BusError("invalid_argument", why);
  }
  if (new Set(records.map(({ id }) => id)).size < records.length) {
    throw new BusError("invalid_argument", "two of the events have the same id");
  }
  const appended = await appendAll(records, options);
  return new Map(
    records.flatMap((record, index) => {
      const one = appended[index];
      return one === undefined ? [] : [[record, one] as const];
    }),
  );
}

async function outcomeOf(sending: Promise<PublishResult>): Promise<PublishOutcome> {
  try {
    const result = await sending;
    return { outcome: result.duplicate ? "duplicate" : "stored", result };
  } catch (reason) {
    const error = BusError.from(reason);
    return { outcome: unsettledCodes.has(error.code) ? "unknown" : "rejected", error };
  }
}

/** createPublishResult is what a publisher is told of a record that the broker has. */
export function createPublishResult({ id, topic }: NewRecord, appended: Appended): PublishResult {
  return { id, topic, ...appended };
}

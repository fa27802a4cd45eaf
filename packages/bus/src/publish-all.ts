import type { Appended, Broker, NewRecord } from "./broker.ts";
import type { PublishOptions, Receipt } from "./bus.ts";
import { createDeferred } from "./deferred.ts";
import { BusError } from "./error.ts";
import { chain, type Publish, type PublishCall } from "./interceptor.ts";

/** NewEvent is an event to be published with others, such as `eventOf` makes it. */
export interface NewEvent extends Pick<PublishCall, "method" | "message"> {
  readonly options?: Pick<PublishOptions, "id" | "headers" | "time">;
}

export interface PublishAllOptions extends Pick<PublishOptions, "signal" | "deadlineMs"> {
  /**
   * All are stored or none. They are then of one topic, as many as the broker takes at most (1,000 on
   * JetStream), and refused whole, with `already_stored`, when one of their ids is known. Default: false.
   */
  readonly atomic?: boolean;
}

/** PublishOutcome is what became of one event. */
export type PublishOutcome =
  | { readonly outcome: "stored" | "duplicate"; readonly receipt: Receipt }
  /** refused: it is not stored. unknown: it may be stored, and the same id may be published again. */
  | { readonly outcome: "refused" | "unknown"; readonly error: BusError };

export interface PublishAllDeps {
  readonly broker: Broker;
  readonly around: readonly ((next: Publish) => Publish)[];
  readonly seal: (call: PublishCall) => NewRecord;
  /** Sees each publish as it begins, and rejects with a BusError. */
  readonly follow: (sending: Promise<Receipt>) => Promise<Receipt>;
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
  deadlineMs: number,
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
      const appending = broker.append(record, { deadlineMs, signal });
      handed.resolve();
      return receiptOf(record, await appending);
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
  options: { readonly deadlineMs: number; readonly signal: AbortSignal | undefined },
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
      if (appended === undefined) throw new BusError("internal", `${record.id} has no receipt`);
      return receiptOf(record, appended);
    }, around);
    return follow(send(call)).then(
      (receipt): PublishOutcome => {
        // An interceptor answered in the broker's place: it is no part of what is stored.
        if (!gathering.has(index)) {
          expected--;
          commitWhenComplete();
        }
        return { outcome: "stored", receipt };
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
  options: { readonly deadlineMs: number; readonly signal: AbortSignal | undefined },
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

async function outcomeOf(sending: Promise<Receipt>): Promise<PublishOutcome> {
  try {
    const receipt = await sending;
    return { outcome: receipt.duplicate ? "duplicate" : "stored", receipt };
  } catch (reason) {
    const error = BusError.from(reason);
    return { outcome: unsettledCodes.has(error.code) ? "unknown" : "refused", error };
  }
}

/** receiptOf is what a publisher is told of a record that the broker has. */
export function receiptOf({ id, topic }: NewRecord, appended: Appended): Receipt {
  return { id, topic, ...appended };
}

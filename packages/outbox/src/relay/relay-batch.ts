import { BusError, type EventBus, type EventMethod, type PublishResult } from "@fanfare/bus";
import { settlesWithin } from "@fanfare/bus/kit";
import type { Kysely } from "kysely";
import { type EventRow, lockPartitions, mark, type Rejection, readRows } from "./relay-store.ts";

export interface BatchOptions<DB> {
  readonly db: Kysely<DB>;
  readonly bus: Pick<EventBus, "publishEncoded">;
  /** What may be published now, by topic. */
  readonly methods: ReadonlyMap<string, EventMethod>;
  /** How many events one batch has at most. */
  readonly size: number;
  /** How long the server lets a batch hold its partitions, in milliseconds. */
  readonly leaseDurationMs: number;
  readonly signal: AbortSignal;
}

/** BatchReport is what became of a batch. */
export interface BatchReport {
  readonly taken: number;
  readonly published: number;
  /** Of the published: those that the broker had already. */
  readonly duplicates: number;
  /** The topics of the published. */
  readonly topics: ReadonlySet<string>;
  readonly rejected: readonly Rejection[];
  /** Why a topic's events could not be published for now. */
  readonly failed: ReadonlyMap<string, BusError>;
}

/**
 * relayBatch takes partitions that have events and that no other relay holds, publishes their first
 * events, and removes them, all in one transaction: its locks end with it, and the server ends it
 * when this process falls silent. Events of one topic and key are published one after another, each
 * when the one before it is stored, so that not even a relay that lost its partitions can turn them round.
 */
export async function relayBatch<DB>(options: BatchOptions<DB>): Promise<BatchReport> {
  const { db, methods, size, leaseDurationMs } = options;
  const taking = { topics: [...methods.keys()], leaseDurationMs };
  // Whatever the database has by default: under a stricter level, each statement sees what was
  // committed before the first, and so what another relay has published and removed meanwhile.
  const transaction = db.transaction().setIsolationLevel("read committed");
  return await transaction.execute(async (tx) => {
    const places = await lockPartitions(tx, taking);
    if (places.length === 0) return nothing;
    // A statement of its own: it sees what was committed up to the lock, and not only before it.
    const rows = await readRows(tx, { places, each: Math.ceil(size / places.length) });
    const outcome = await publishAll(rows, options);
    await mark(tx, outcome);
    return { ...outcome, taken: rows.length, published: outcome.out.length };
  });
}

const nothing: BatchReport = {
  taken: 0,
  published: 0,
  duplicates: 0,
  topics: new Set(),
  rejected: [],
  failed: new Map(),
};

interface Outcome {
  /** Sequence numbers of what the broker has. */
  readonly out: string[];
  readonly topics: Set<string>;
  readonly rejected: Rejection[];
  readonly failed: Map<string, BusError>;
  duplicates: number;
}

async function publishAll<DB>(
  rows: readonly EventRow[],
  { bus, methods, leaseDurationMs, signal }: BatchOptions<DB>,
): Promise<Outcome> {
  const outcome: Outcome = {
    out: [],
    topics: new Set(),
    rejected: [],
    failed: new Map(),
    duplicates: 0,
  };
  // Half of the lease, so that there is time to write down what is out.
  const until = performance.now() + leaseDurationMs / 2;
  let over = false;

  /** Has no signal: each would wait on the same one. What goes on is over by its deadline. */
  function publish(row: EventRow, method: EventMethod): Promise<PublishResult> {
    const timeoutMs = until - performance.now();
    if (!(timeoutMs > 0)) throw new BusError("deadline_exceeded", "the batch took too long");
    const { id, type, data, key } = row;
    const time = new Date(Number(row.time));
    const headers = row.headers === null ? {} : { headers: headersOf(row.headers) };
    const encoded = { type, data, key: key ?? undefined };
    return bus.publishEncoded(method, encoded, { id, time, timeoutMs, ...headers });
  }

  async function publishChain(chain: readonly EventRow[]): Promise<void> {
    for (const row of chain) {
      const method = methods.get(row.topic);
      if (over || method === undefined || outcome.failed.has(row.topic)) return;
      try {
        const { duplicate } = await publish(row, method);
        if (duplicate) outcome.duplicates++;
        outcome.out.push(row.sequence);
        outcome.topics.add(row.topic);
      } catch (reason) {
        const error = BusError.from(reason);
        if (!hopeless(error)) return void outcome.failed.set(row.topic, error);
        outcome.rejected.push({ ...row, error });
      }
    }
  }

  const chains = Promise.all(chainsOf(rows).map(publishChain));
  // A publish that keeps neither its deadline nor its signal must not keep the partitions.
  await settlesWithin(chains, leaseDurationMs * 0.6, { signal });
  over = true;
  return outcome;
}

/** chainsOf puts the events of one topic and key in a row; each without a key is on its own. */
function chainsOf(rows: readonly EventRow[]): EventRow[][] {
  const chains = Map.groupBy(rows, ({ topic, key, sequence }) =>
    key === null ? sequence : `${topic}\n${key}`,
  );
  return [...chains.values()];
}

/** hopeless tells errors that are the event's own from those that end some day. */
function hopeless({ code }: BusError): boolean {
  return code === "too_large" || code === "invalid_argument" || code === "undecodable";
}

function headersOf(text: string): Record<string, string> {
  const headers: unknown = JSON.parse(text);
  return Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]),
  );
}

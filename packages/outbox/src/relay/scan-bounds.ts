import type { OutboxPosition, ScanPlan, ScanResult, TopicPartition } from "./scan-outbox.ts";

/**
 * Where the scans of a relay begin. A position in an index keeps its entry while any snapshot on the
 * server is older than the removal of its event; a scan from the beginning would read all of them. The
 * bounds affect the cost of a scan alone: they are proven, and cleared at an interval.
 */
export interface ScanBounds {
  /** Returns what to scan for the events of these partitions. */
  plan(partitions: readonly TopicPartition[]): ScanPlan;
  /** Raises the bounds of the partitions without events. */
  recordScan(plan: ScanPlan, result: ScanResult): void;
  /** Raises the bound of a partition whose visible events up to a position are settled. */
  raise(partition: TopicPartition, settled: OutboxPosition): void;
  /** Makes the next scans begin at the first position. */
  clear(): void;
}

/** No event that waits has a position up to `after`, now or later, unless a writer of these has it. */
interface Bound {
  readonly after: bigint;
  readonly writers: readonly string[];
}

const unbounded: Bound = { after: 0n, writers: [] };
/** Looking up more writers than this could cost more than it saves. */
const maxWriters = 50;

/** Creates bounds that begin at the first position. */
export function createScanBounds(): ScanBounds {
  const bounds = new Map<string, Bound>();
  let server: string | undefined;
  /** The latest position. A scan that is planned now begins after it was read. */
  let position: OutboxPosition | undefined;

  function clear(): void {
    bounds.clear();
    position = undefined;
  }

  function raise(partition: TopicPartition, { last, writers }: OutboxPosition): void {
    if (last === null || writers.length > maxWriters) return;
    const name = formatName(partition);
    const after = BigInt(last);
    if (after >= (bounds.get(name) ?? unbounded).after) bounds.set(name, { after, writers });
  }

  return {
    plan(partitions) {
      const writers = new Set<string>();
      const scans = partitions.map(({ topic, partition }) => {
        const bound = bounds.get(formatName({ topic, partition })) ?? unbounded;
        for (const writer of bound.writers) writers.add(writer);
        return { topic, partition, after: String(bound.after) };
      });
      return { partitions: scans, writers: [...writers], known: position };
    },
    recordScan({ partitions, known }, result) {
      // A server that has restarted may have taken positions back.
      const restarted = server !== undefined && server !== result.server;
      const wentBack = BigInt(result.last ?? 0) < BigInt(known?.last ?? 0);
      server = result.server;
      if (restarted || wentBack) return clear();
      const waiting = new Set(result.waiting.map(formatName));
      if (known !== undefined) {
        for (const partition of partitions) {
          if (!waiting.has(formatName(partition))) raise(partition, known);
        }
      }
      position = result;
    },
    raise,
    clear,
  };
}

function formatName({ topic, partition }: TopicPartition): string {
  return `${topic}\n${partition}`;
}

import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** The orders of a process that consumes events. */
export interface ReaderOrder {
  readonly kind: "bus" | "raw";
  readonly url: string;
  readonly group: string;
  readonly from: "start" | "now";
  readonly concurrency: number;
  /** The number of events to consume. Default: unlimited. */
  readonly count?: number;
  /** The number of those events before the measurement. Default: 0. */
  readonly warmUp?: number;
  /** The time after which it ends in any case, in milliseconds. */
  readonly limitMs?: number;
  /** The time that handling an event takes, in milliseconds. Default: 0. */
  readonly handleMs?: number;
  /** Whether the body starts with its send time. Then the process subscribes before it reports ready. */
  readonly latency: boolean;
}

/** What a reader has measured. */
export interface ReaderResult {
  /** The time since the start, or since the end of the warm-up. */
  readonly elapsedMs: number;
  readonly count: number;
  /** In milliseconds, ascending. */
  readonly latencies: readonly number[];
  readonly maxRssKb: number;
}

/** A process that consumes events after `begin`. */
export interface Reader {
  begin(): void;
  readonly result: Promise<ReaderResult>;
}

const program = fileURLToPath(new URL("reader-process.ts", import.meta.url));

/** Starts a process, and waits until it is ready. */
export async function startReader(order: ReaderOrder): Promise<Reader> {
  const child = fork(program, [JSON.stringify(order)]);
  const signal = AbortSignal.timeout(120_000);
  await once(child, "message", { signal });
  const result = (async () => {
    const [first] = await once(child, "message", { signal: AbortSignal.timeout(300_000) });
    return isResult(first)
      ? first
      : Promise.reject(new Error("expected the result of a reader, got another message"));
  })();
  return { result, begin: () => void child.send("begin") };
}

function isResult(value: unknown): value is ReaderResult {
  return typeof value === "object" && value !== null && "elapsedMs" in value;
}

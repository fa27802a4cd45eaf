import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** ReaderOrder is what a process that takes events is told. */
export interface ReaderOrder {
  readonly kind: "bus" | "raw";
  readonly url: string;
  readonly group: string;
  readonly from: "start" | "now";
  readonly concurrency: number;
  /** How many events to take; any number when absent. */
  readonly count?: number;
  /** How many of them to take before the time counts; none when absent. */
  readonly warmUp?: number;
  /** When to end in any case, in milliseconds. */
  readonly limitMs?: number;
  /** How long each takes, in milliseconds; not at all when absent. */
  readonly handleMs?: number;
  /** Whether the body begins with the time it was sent, and to begin before the parent's word. */
  readonly latency: boolean;
}

export interface ReaderResult {
  /** Since the beginning, or since the process has warmed up. */
  readonly elapsedMs: number;
  readonly count: number;
  /** In milliseconds, ascending. */
  readonly latencies: readonly number[];
  readonly maxRssKb: number;
}

/** Reader is a process that takes events once it is told to begin. */
export interface Reader {
  begin(): void;
  readonly result: Promise<ReaderResult>;
}

const program = fileURLToPath(new URL("reader-process.ts", import.meta.url));

/** startReader starts a process and waits until it is ready. */
export async function startReader(order: ReaderOrder): Promise<Reader> {
  const child = fork(program, [JSON.stringify(order)]);
  const signal = AbortSignal.timeout(120_000);
  await once(child, "message", { signal });
  const result = (async () => {
    const [first] = await once(child, "message", { signal: AbortSignal.timeout(300_000) });
    return isResult(first) ? first : Promise.reject(new Error("a reader said something else"));
  })();
  return { result, begin: () => void child.send("begin") };
}

function isResult(value: unknown): value is ReaderResult {
  return typeof value === "object" && value !== null && "elapsedMs" in value;
}

import { inRounds, summarize } from "../compare.ts";
import type { Row } from "../report.ts";
import type { Lab } from "./lab.ts";
import { preload } from "./publish.ts";
import { type ReaderOrder, startReader } from "./reader.ts";

/** A fan-out to measure. */
export interface FanOut {
  readonly kind: ReaderOrder["kind"];
  readonly groups: number;
  readonly events: number;
  /** The further events that each process takes before the measurement. Default: 0. */
  readonly warmUp?: number;
  readonly concurrency: number;
}

const body = new Uint8Array(100);

/** Measures the deliveries per second of several groups together, each in its own process. */
export async function measureFanOutRate(lab: Lab, order: FanOut): Promise<number> {
  const { kind, groups, events, warmUp = 0, concurrency } = order;
  const count = events + warmUp;
  await lab.clear();
  await preload(lab, count, body);
  const shared = { kind, url: lab.nats.url, from: "start", concurrency, count, warmUp } as const;
  const readers = await Promise.all(
    Array.from({ length: groups }, (_, n) =>
      startReader({ ...shared, group: `${kind}-${n}`, latency: false }),
    ),
  );
  for (const reader of readers) reader.begin();
  const results = await Promise.all(readers.map(({ result }) => result));
  const elapsedMs = Math.max(...results.map((result) => result.elapsedMs));
  return (events * groups * 1_000) / elapsedMs;
}

/** Compares the fan-out of one topic to three groups in three processes, decoded and acknowledged. */
export async function measureFanOut(lab: Lab): Promise<Row> {
  const order = { groups: 3, events: 60_000, warmUp: 20_000, concurrency: 256 };
  const rate = (kind: FanOut["kind"]) => measureFanOutRate(lab, { ...order, kind });
  const pairs = await inRounds(3, { ours: () => rate("bus"), base: () => rate("raw") });
  const about = { name: "fan-out", target: 0.8, unit: "deliveries/s" };
  return summarize({ ...about, kind: "rate" }, pairs);
}

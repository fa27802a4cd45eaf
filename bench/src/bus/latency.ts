import { inRounds, summarize } from "../compare.ts";
import type { Row } from "../report.ts";
import type { Lab } from "./lab.ts";
import { publishOnBus, publishRaw } from "./publish.ts";
import { type ReaderOrder, startReader } from "./reader.ts";

const perSecond = 1_000;
const seconds = 3;

/** Compares the time from the call of publish to the handler in another process, at a steady rate. */
export async function measureLatency(lab: Lab): Promise<Row[]> {
  const pairs = await inRounds(3, {
    ours: () => measureLatencies(lab, "bus"),
    base: () => measureLatencies(lab, "raw"),
  });
  const shares = { "latency-p50": 0.5, "latency-p99": 0.99 };
  return Object.entries(shares).map(([name, share]) => {
    const at = (sorted: readonly number[]) => sorted[Math.floor(sorted.length * share)] ?? 0;
    const values = pairs.map(({ ours, base }) => ({ ours: at(ours), base: at(base) }));
    return summarize({ name, target: 1 / 1.3, kind: "cost", unit: "ms" }, values);
  });
}

async function measureLatencies(lab: Lab, kind: ReaderOrder["kind"]): Promise<readonly number[]> {
  await lab.clear();
  const reader = await startReader({
    kind,
    url: lab.nats.url,
    group: `latency-${kind}`,
    from: "now",
    concurrency: 256,
    count: perSecond * seconds,
    latency: true,
  });
  reader.begin();
  const publish = kind === "bus" ? publishOnBus : publishRaw;
  const startedAt = performance.now();
  const published: Promise<unknown>[] = [];
  while (published.length < perSecond * seconds) {
    const due = ((performance.now() - startedAt) * perSecond) / 1_000;
    while (published.length < Math.min(due, perSecond * seconds)) {
      const body = new Uint8Array(100);
      new DataView(body.buffer).setFloat64(0, performance.timeOrigin + performance.now());
      published.push(publish(lab, published.length, body));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(published);
  const { latencies } = await reader.result;
  return latencies;
}

import { createMemoryBus, createPublisher } from "@fanfare/bus";
import { NoteEvents } from "@fanfare/bus/testing";
import { inRounds, summarize } from "../compare.ts";
import type { Row } from "../report.ts";
import type { Lab } from "./lab.ts";
import { preload } from "./publish.ts";
import { startReader } from "./reader.ts";

const documentedRate = 500_000;

/** Compares the deliveries per second in one process with three groups with the documented rate. */
export async function measureMemoryBroker(): Promise<Row> {
  const pairs = await inRounds(5, { ours: measureDeliveries, base: async () => documentedRate });
  const about = { name: "memory-broker", target: 1, unit: "deliveries/s" };
  return summarize({ ...about, kind: "rate" }, pairs);
}

async function measureDeliveries(): Promise<number> {
  const events = 50_000;
  const groups = ["one", "two", "three"];
  await using bus = createMemoryBus();
  const all = Promise.withResolvers<void>();
  let handled = 0;
  for (const group of groups) {
    await bus.subscribe(group, (on) =>
      on.service(NoteEvents, {
        noteRead() {
          handled += 1;
          if (handled === events * groups.length) all.resolve();
        },
      }),
    );
  }
  const notes = createPublisher(NoteEvents, bus);
  const body = new Uint8Array(100);
  const start = performance.now();
  const publish = async () => {
    for (let number = 0; number < events / 100; number += 1) await notes.noteRead({ number, body });
  };
  await Promise.all([...Array.from({ length: 100 }, publish), all.promise]);
  return (events * groups.length * 1_000) / (performance.now() - start);
}

/**
 * Compares the peak memory of a process while a million events are pending with ten thousand. It handles
 * equally many in both cases, as a heap grows with the events that it has handled.
 */
export async function measureBacklogMemory(lab: Lab): Promise<Row> {
  const peak = (waiting: number) => async () => {
    await lab.clear();
    await preload(lab, waiting);
    const order = { kind: "bus", url: lab.nats.url, group: "backlog", from: "start" } as const;
    const limits = { concurrency: 16, count: 9_000, limitMs: 30_000, handleMs: 1 };
    const reader = await startReader({ ...order, ...limits, latency: false });
    reader.begin();
    return (await reader.result).maxRssKb / 1_024;
  };
  const pairs = await inRounds(1, { ours: peak(1_000_000), base: peak(10_000) });
  const about = { name: "backlog-memory", target: 0.95, unit: "MiB" };
  return summarize({ ...about, kind: "cost" }, pairs);
}

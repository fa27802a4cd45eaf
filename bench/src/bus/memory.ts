import { createMemoryBus, createPublisher } from "@fanfare/bus";
import { NoteEvents } from "@fanfare/bus/testing";
import { inRounds, summarize } from "../compare.ts";
import type { Row } from "../report.ts";
import type { Lab } from "./lab.ts";
import { preload } from "./publish.ts";
import { startReader } from "./reader.ts";

const promised = 500_000;

/** memoryBroker: deliveries a second in one process with three groups, against what is promised. */
export async function measureMemoryBroker(): Promise<Row> {
  const pairs = await inRounds(5, { ours: measureDeliveries, base: async () => promised });
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
 * backlogMemory: what a process holds at most with a million events waiting, against ten thousand. It
 * takes as many of them in both cases, as a heap grows with what went through it.
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

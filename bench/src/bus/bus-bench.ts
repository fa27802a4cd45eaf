import type { Bench, Row } from "../report.ts";
import { measureCosts } from "./costs.ts";
import { measureFanOut } from "./fan-out.ts";
import { openLab } from "./lab.ts";
import { measureLatency } from "./latency.ts";
import { measureBacklogMemory, measureMemoryBroker } from "./memory.ts";
import { measureAwaitedPublish, measureWindowedPublish } from "./publish.ts";

/** Compares the bus on JetStream with the same work in plain nats.js. */
export const busBench: Bench = async (progress) => {
  await using lab = await openLab();
  const rows: Row[] = [];
  progress("publishing, many in flight");
  rows.push(await measureWindowedPublish(lab));
  progress("publishing, one at a time");
  rows.push(await measureAwaitedPublish(lab));
  progress("fan-out to three groups");
  rows.push(await measureFanOut(lab));
  progress("latency");
  rows.push(...(await measureLatency(lab)));
  progress("the memory broker");
  rows.push(await measureMemoryBroker());
  progress("a backlog of a million");
  rows.push(await measureBacklogMemory(lab));
  progress("costs by size");
  return { rows, tables: await measureCosts(lab) };
};

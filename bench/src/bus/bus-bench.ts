import type { Bench, Row } from "../report.ts";
import { costs } from "./costs.ts";
import { fanOut } from "./fan-out.ts";
import { openLab } from "./lab.ts";
import { latency } from "./latency.ts";
import { backlogMemory, memoryBroker } from "./memory.ts";
import { publishAwaited, publishWindowed } from "./publish.ts";

/** busBench compares the bus over JetStream with nats.js doing the same, on a server of its own. */
export const busBench: Bench = async (progress) => {
  await using lab = await openLab();
  const rows: Row[] = [];
  progress("publishing, many in flight");
  rows.push(await publishWindowed(lab));
  progress("publishing, one at a time");
  rows.push(await publishAwaited(lab));
  progress("fan-out to three groups");
  rows.push(await fanOut(lab));
  progress("latency");
  rows.push(...(await latency(lab)));
  progress("the memory broker");
  rows.push(await memoryBroker());
  progress("a backlog of a million");
  rows.push(await backlogMemory(lab));
  progress("costs as things grow");
  return { rows, tables: await costs(lab) };
};

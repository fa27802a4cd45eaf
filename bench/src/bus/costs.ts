import { format } from "../compare.ts";
import { measureRate } from "../measure-rate.ts";
import type { Table } from "../report.ts";
import { measureFanOutRate } from "./fan-out.ts";
import type { Lab } from "./lab.ts";
import { publishOnBus, publishRaw } from "./publish.ts";

/** Measures the bus and nats.js with growing groups, sizes and concurrency, one run each. */
export async function measureCosts(lab: Lab): Promise<Table[]> {
  return [await measureByGroups(lab), await measureBySize(lab), await measureByConcurrency(lab)];
}

async function measureByGroups(lab: Lab): Promise<Table> {
  const rows: string[][] = [];
  for (const groups of [1, 3, 10, 30]) {
    const order = { groups, events: Math.ceil(15_000 / groups), concurrency: 64 };
    const ours = await measureFanOutRate(lab, { ...order, kind: "bus" });
    const base = await measureFanOutRate(lab, { ...order, kind: "raw" });
    rows.push(createLine(groups, ours, base));
  }
  return {
    name: "Deliveries/s by number of groups, each in its own process",
    columns: createColumns("groups"),
    rows,
  };
}

async function measureBySize(lab: Lab): Promise<Table> {
  const rows: string[][] = [];
  for (const bytes of [100, 1_000, 64_000]) {
    const body = new Uint8Array(bytes);
    const total = bytes > 10_000 ? 2_000 : 10_000;
    const ours = await measureRate(total, 200, (number) => publishOnBus(lab, number, body));
    const base = await measureRate(total, 200, (number) => publishRaw(lab, number, body));
    rows.push(createLine(bytes, ours, base));
    await lab.clear();
  }
  return { name: "Publishes/s by bytes, 200 in flight", columns: createColumns("bytes"), rows };
}

async function measureByConcurrency(lab: Lab): Promise<Table> {
  const rows: string[][] = [];
  for (const concurrency of [1, 16, 256]) {
    const order = { groups: 1, events: 10_000, concurrency };
    const ours = await measureFanOutRate(lab, { ...order, kind: "bus" });
    const base = await measureFanOutRate(lab, { ...order, kind: "raw" });
    rows.push(createLine(concurrency, ours, base));
  }
  const name = "Deliveries/s by concurrency, one group; nats.js prefetches twice as many";
  return { name, columns: createColumns("concurrency"), rows };
}

function createColumns(of: string): string[] {
  return [of, "bus", "nats.js", "ratio"];
}

function createLine(of: number, ours: number, base: number): string[] {
  return [`${of}`, format(ours), format(base), (ours / base).toFixed(2)];
}

import { format } from "../compare.ts";
import type { Table } from "../report.ts";
import { fanOutRate } from "./fan-out.ts";
import { type Lab, perSecond } from "./lab.ts";
import { publishOurs, publishRaw } from "./publish.ts";

/** costs is how the bus fares as things grow, beside nats.js: one run each. */
export async function costs(lab: Lab): Promise<Table[]> {
  return [await byGroups(lab), await bySize(lab), await byConcurrency(lab)];
}

async function byGroups(lab: Lab): Promise<Table> {
  const rows: string[][] = [];
  for (const groups of [1, 3, 10, 30]) {
    const order = { groups, events: Math.ceil(15_000 / groups), concurrency: 64 };
    const ours = await fanOutRate(lab, { ...order, kind: "bus" });
    const base = await fanOutRate(lab, { ...order, kind: "raw" });
    rows.push(line(groups, ours, base));
  }
  return { name: "Deliveries/s by groups, a process each", columns: columns("groups"), rows };
}

async function bySize(lab: Lab): Promise<Table> {
  const rows: string[][] = [];
  for (const bytes of [100, 1_000, 64_000]) {
    const body = new Uint8Array(bytes);
    const total = bytes > 10_000 ? 2_000 : 10_000;
    const ours = await perSecond(total, 200, (number) => publishOurs(lab, number, body));
    const base = await perSecond(total, 200, (number) => publishRaw(lab, number, body));
    rows.push(line(bytes, ours, base));
    await lab.clear();
  }
  return { name: "Publishes/s by bytes, 200 in flight", columns: columns("bytes"), rows };
}

async function byConcurrency(lab: Lab): Promise<Table> {
  const rows: string[][] = [];
  for (const concurrency of [1, 16, 256]) {
    const order = { groups: 1, events: 10_000, concurrency };
    const ours = await fanOutRate(lab, { ...order, kind: "bus" });
    const base = await fanOutRate(lab, { ...order, kind: "raw" });
    rows.push(line(concurrency, ours, base));
  }
  const name = "Deliveries/s by concurrency, one group; nats.js with twice as many pulled";
  return { name, columns: columns("concurrency"), rows };
}

function columns(of: string): string[] {
  return [of, "bus", "nats.js", "ratio"];
}

function line(of: number, ours: number, base: number): string[] {
  return [`${of}`, format(ours), format(base), (ours / base).toFixed(2)];
}

import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { format } from "../compare.ts";
import type { Table } from "../report.ts";
import type { Lab } from "./lab.ts";
import { takeTrips } from "./trips.ts";

/** Measures the time until StartTrip answers, and the share of each step. */
export async function measureAnswers(lab: Lab): Promise<Table[]> {
  const rows: string[][] = [];
  for (const load of [
    { inFlight: 1, count: 30 },
    { inFlight: 10, count: 60 },
  ]) {
    const answers = (await takeTrips(lab, load)).map(({ answerMs }) => answerMs);
    const at = (share: number) => format(quantile(answers, share));
    rows.push([`${load.inFlight}`, at(0.5), at(0.99)]);
  }
  return [
    { name: "Time until StartTrip answers, in ms", columns: ["in flight", "p50", "p99"], rows },
    await measureParts(lab),
  ];
}

async function measureParts(lab: Lab): Promise<Table> {
  const parts = new Map<string, number[]>();
  const add = (name: string, ms: number) => parts.set(name, [...(parts.get(name) ?? []), ms]);
  for (const { tripId, answerMs } of await takeTrips(lab, { inFlight: 1, count: 15 })) {
    const { steps } = await lab.operations.getTripProgress({ tripId });
    let rest = answerMs;
    for (const { name, startedAt, finishedAt } of steps) {
      if (name === "drive") break;
      const ms = toMs(finishedAt) - toMs(startedAt);
      add(name, ms);
      rest -= ms;
    }
    add("the request, the start of the workflow, ACTIVE in the registry, the answer", rest);
  }
  return {
    name: "Its parts with one trip in flight, p50 in ms",
    columns: ["part", "ms"],
    rows: [...parts].map(([name, ms]) => [name, format(quantile(ms, 0.5))]),
  };
}

function toMs(time: Timestamp | undefined): number {
  return time === undefined ? Number.NaN : timestampMs(time);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}

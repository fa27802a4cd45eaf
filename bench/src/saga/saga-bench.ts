import { appNames } from "@fanfare/topology";
import { createTripWorkflowId } from "@fanfare/trip-contract";
import { format, inRounds, summarize } from "../compare.ts";
import type { Bench, Row, Table } from "../report.ts";
import { measureAnswers } from "./answer.ts";
import { type Lab, openLab } from "./lab.ts";
import { readCpuMs, readMemoryMiB } from "./processes.ts";
import { measureRate, runBare, takeTrips } from "./trips.ts";

const rounds = 2;
const loads = [
  { inFlight: 1, count: 5 },
  { inFlight: 10, count: 40 },
  { inFlight: 50, count: 100 },
] as const;

/** The load before the first round: the code of nine processes runs slowly at first. */
const warmUp = { inFlight: 10, count: 60 };

/** With FANFARE_BENCH_TRIPS, the bench runs this many more trips and measures the worker's memory. */
const memoryTrips = Number(process.env.FANFARE_BENCH_TRIPS ?? 0);

/** Compares trips with workflows that only run as many activities. */
export const sagaBench: Bench = async (progress) => {
  await using lab = await openLab(Math.max(...loads.map(({ inFlight }) => inFlight)));
  progress("the first trips");
  const activities = await countActivities(lab);
  await takeTrips(lab, warmUp);
  await runBare(lab, warmUp, { activities });

  const rows: Row[] = [];
  for (const load of loads) {
    progress(`${load.inFlight} in flight`);
    const pairs = await inRounds(rounds, {
      ours: () => measureRate(load, () => takeTrips(lab, load)),
      base: () => measureRate(load, () => runBare(lab, load, { activities })),
    });
    const name = `trips-${load.inFlight}-in-flight`;
    rows.push(summarize({ name, target: 1, kind: "rate", unit: "workflows/s" }, pairs));
  }
  progress("the codec");
  rows.push(await measureCodec(lab, activities));
  progress("costs");
  const tables = [
    ...(await measureAnswers(lab)),
    await measureProcessorTime(lab, activities),
    ...(memoryTrips > 0 ? [await measureMemory(lab)] : []),
  ];
  return { rows, tables };
};

/** Compares bare workflows whose payloads are encrypted with plain ones. */
async function measureCodec(lab: Lab, activities: number): Promise<Row> {
  const load = { inFlight: 10, count: 40 };
  const measure = (encrypted: boolean) =>
    measureRate(load, () => runBare(lab, load, { activities, encrypted }));
  const pairs = await inRounds(rounds, { ours: () => measure(true), base: () => measure(false) });
  return summarize({ name: "codec", target: 0.9, kind: "rate", unit: "workflows/s" }, pairs);
}

/** Counts the activities of a completed trip, including local ones. */
async function countActivities(lab: Lab): Promise<number> {
  const [{ tripId } = { tripId: "" }] = await takeTrips(lab, { count: 1, inFlight: 1 });
  const handle = lab.temporal.workflow.getHandle(createTripWorkflowId(tripId));
  const { events } = await handle.fetchHistory();
  return (events ?? []).filter(
    (event) =>
      event.activityTaskScheduledEventAttributes ||
      event.markerRecordedEventAttributes?.markerName === "core_local_activity",
  ).length;
}

/** Measures the processor time of a workflow in each process. */
async function measureProcessorTime(lab: Lab, activities: number): Promise<Table> {
  const load = { inFlight: 10, count: 60 };
  const pids: Record<string, number | undefined> = {
    Temporal: lab.servers.temporal.pid,
    PostgreSQL: lab.servers.postgres.pid,
    NATS: lab.servers.nats.pid,
    ...Object.fromEntries(appNames.map((name) => [name, lab.system.app(name).pid])),
    "bare worker": lab.bareWorkerPid,
  };
  const measure = async () =>
    await Promise.all(Object.values(pids).map((pid = 0) => readCpuMs(pid)));
  const before = await measure();
  await takeTrips(lab, load);
  const between = await measure();
  await runBare(lab, load, { activities });
  const after = await measure();
  const each = (from: readonly number[], to: readonly number[], index: number) =>
    ((to[index] ?? 0) - (from[index] ?? 0)) / load.count;
  const names = Object.keys(pids);
  const sum = (from: readonly number[], to: readonly number[]) =>
    names.reduce((total, _, index) => total + each(from, to, index), 0);
  const rows = names.map((name, index) => [
    name,
    format(each(before, between, index)),
    format(each(between, after, index)),
  ]);
  rows.push(["together", format(sum(before, between)), format(sum(between, after))]);
  return {
    name: `Processor time in ms, a workflow of ${activities} activities, 10 in flight`,
    columns: ["process", "trip", "bare"],
    rows,
  };
}

/** Measures the memory of the trips' worker after growing numbers of trips. */
async function measureMemory(lab: Lab): Promise<Table> {
  const rows: string[][] = [];
  const load = { inFlight: 50, count: 500 };
  for (let trips = 0; trips < memoryTrips; trips += load.count) {
    await takeTrips(lab, load);
    rows.push([
      format(trips + load.count),
      format(await readMemoryMiB(lab.system.app("worker").pid ?? 0)),
    ]);
  }
  return { name: "Memory of the worker, in MiB", columns: ["more trips", "MiB"], rows };
}

import type { Account } from "./account-reader.ts";

/** A trip that a fault hit. */
export interface Recovered {
  readonly account: Account;
  /** Whether its account is as expected. */
  readonly asExpected: boolean;
  /** The time from the end of the fault until its last effect, in milliseconds. */
  readonly ms: number;
}

/** Collects the trips that faults hit, one row for each kind of fault. */
export interface FaultTable {
  add(fault: string, trips: readonly Recovered[]): void;
  /** Returns the lines of the table in Markdown. */
  lines(): string[];
}

/** Creates an empty table. */
export function createFaultTable(): FaultTable {
  const runs = new Map<string, Recovered[][]>();
  return {
    add: (fault, trips) => void runs.set(fault, [...(runs.get(fault) ?? []), [...trips]]),
    lines() {
      const head = "| fault | runs | trips hit | lost | left over | charged twice | p50 | p99 |";
      return [
        head,
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        ...[...runs].map(formatRow),
      ];
    },
  };
}

function formatRow([fault, runs]: readonly [string, readonly (readonly Recovered[])[]]): string {
  const trips = runs.flat();
  const times = trips.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const quantile = (q: number) => (times[Math.ceil(q * times.length) - 1] ?? Number.NaN) / 1_000;
  const count = (is: (trip: Recovered) => boolean) => trips.filter(is).length;
  const cells = [
    fault,
    runs.length,
    trips.length,
    count(({ asExpected }) => !asExpected),
    count(({ account }) => account.vehicles > 0 || account.authorised > 0),
    count(({ account }) => account.captures > 1),
    `${quantile(0.5).toFixed(1)} s`,
    `${quantile(0.99).toFixed(1)} s`,
  ];
  return `| ${cells.join(" | ")} |`;
}

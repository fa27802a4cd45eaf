import type { Row } from "./report.ts";

/** Pair is what one round measured, one right after the other. */
export interface Pair<T> {
  readonly ours: T;
  readonly base: T;
}

/** Both measures the same thing, done our way and done the way it is compared with. */
export interface Both<T> {
  ours(): Promise<T>;
  base(): Promise<T>;
}

export interface Comparison {
  readonly name: string;
  readonly target: number;
  /** "rate": more is better; "cost": less is better, and the ratio is turned round. */
  readonly kind: "rate" | "cost";
  readonly unit: string;
}

/**
 * inRounds measures both in each round, the first of them in turns: what else the machine does then
 * falls on both. One more round goes before, warms up and does not count.
 */
export async function inRounds<T>(rounds: number, both: Both<T>): Promise<Pair<T>[]> {
  const pairs: Pair<T>[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const first = round % 2 === 0 ? await both.ours() : await both.base();
    const second = round % 2 === 0 ? await both.base() : await both.ours();
    const pair = round % 2 === 0 ? [first, second] : [second, first];
    const [ours = first, base = second] = pair;
    if (round > 0) pairs.push({ ours, base });
  }
  return pairs;
}

/** rowOf is the median ratio of the pairs, with its spread. */
export function summarize(
  { name, target, kind, unit }: Comparison,
  pairs: readonly Pair<number>[],
): Row {
  const ratios = pairs.map(({ ours, base }) => (kind === "rate" ? ours / base : base / ours));
  const ours = format(median(pairs.map((pair) => pair.ours)));
  const base = format(median(pairs.map((pair) => pair.base)));
  return {
    name,
    ratio: roundRatio(median(ratios)),
    min: roundRatio(Math.min(...ratios)),
    max: roundRatio(Math.max(...ratios)),
    target: roundRatio(target),
    figures: `${ours} against ${base} ${unit}`,
  };
}

/** format writes a figure as people read it. */
export function format(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 2 : 0 });
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  return (lower + upper) / 2;
}

function roundRatio(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

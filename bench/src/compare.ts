import type { Row } from "./report.ts";

/** The two measurements of a round, one right after the other. */
export interface Pair<T> {
  readonly ours: T;
  readonly base: T;
}

/** Two functions that measure the same work: with Fanfare and with the baseline. */
export interface Both<T> {
  ours(): Promise<T>;
  base(): Promise<T>;
}

/** A comparison with its target. */
export interface Comparison {
  readonly name: string;
  /** The ratio that is to be reached. */
  readonly target: number;
  /** "rate": more is better. "cost": less is better, and the ratio is inverted. */
  readonly kind: "rate" | "cost";
  readonly unit: string;
}

/**
 * Measures both in each round, and alternates which is first, so that other load on the machine affects
 * both. Runs one more round first as a warm-up, which does not count.
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

/** Returns the median, the lowest and the highest ratio of the pairs. */
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

/** Formats a figure with thousands separators, and with two decimals below 100. */
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

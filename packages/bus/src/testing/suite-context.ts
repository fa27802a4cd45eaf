import type { BrokerFeatures } from "../broker.ts";
import type { Stage } from "./stage.ts";

/** SuiteContext is what the cases are written against. */
export interface SuiteContext {
  readonly features: BrokerFeatures;
  /** Makes an empty stage. */
  readonly stageOf: () => Promise<Stage>;
  /** How many of something a case takes: the first in the long form of the suite, else the second. */
  readonly sized: (long: number, short: number) => number;
}

/** neededOf is what a store can have done to it; without it the case is skipped, by name. */
export function neededOf<T>(
  hook: T | undefined,
  { skip, lacking }: { readonly skip: (note: string) => never; readonly lacking: string },
): T {
  return hook ?? skip(lacking);
}

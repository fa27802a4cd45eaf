import type { BrokerFeatures } from "../broker.ts";
import type { TestEnvironment } from "./test-environment.ts";

/** What every case of the suite is given. */
export interface SuiteContext {
  readonly features: BrokerFeatures;
  /** Creates the environment of one case. */
  readonly setUp: () => Promise<TestEnvironment>;
  /** Returns the first count in the long form of the suite, otherwise the second. */
  readonly pickCount: (long: number, short: number) => number;
}

/** Returns an optional hook of the fixture, or skips the case with a reason. */
export function requireHook<T>(
  hook: T | undefined,
  { skip, reason }: { readonly skip: (note: string) => never; readonly reason: string },
): T {
  return hook ?? skip(reason);
}

/** Some time, in milliseconds of one monotonic clock. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** Which tariffs operators put in force and when, as their calls began and were answered. */
export interface TariffHistory {
  /** Makes the call that puts a tariff in force. */
  record(tariff: string, set: () => Promise<unknown>): Promise<void>;
  /** Returns whether the tariff may have been in force at some time of the interval. */
  allows(tariff: string, interval: Interval): boolean;
}

/** Creates an empty history. `now` returns the time in milliseconds. */
export function createTariffHistory(now: () => number = () => performance.now()): TariffHistory {
  const calls: { readonly tariff: string; readonly from: number; to: number }[] = [];
  return {
    async record(tariff, set) {
      const call = { tariff, from: now(), to: Number.POSITIVE_INFINITY };
      calls.push(call);
      await set();
      call.to = now();
    },
    allows: (tariff, interval) =>
      calls.some((call) => {
        const isReplaced = calls.some(({ from, to }) => from > call.to && to < interval.from);
        return call.tariff === tariff && call.from <= interval.to && !isReplaced;
      }),
  };
}

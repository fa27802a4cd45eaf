import { countedReactors, type ReactorName } from "@fanfare/topology";
import { type Address, openTransport } from "../trip/trips-client.ts";

/** The number of effects of a trip in each reactor whose effects can be counted, by its name. */
export type Effects = Readonly<Record<string, number>>;

/** Counts effects over connections that it closes when it is disposed of. */
export interface EffectsReader extends Disposable {
  /** Requests the effects of a trip from the API of each reactor. */
  count(tripId: string, signal: AbortSignal): Promise<Effects>;
}

/** Creates a reader that calls the reactors at `urls` as an operator. */
export function createEffectsReader(
  urls: Readonly<Record<ReactorName, string>>,
  caller: Omit<Address, "url">,
): EffectsReader {
  const stack = new DisposableStack();
  const counters = countedReactors.map(({ name, effects }) => {
    const { transport } = stack.use(openTransport({ ...caller, url: urls[name] }));
    return { name, effects, transport };
  });
  return {
    async count(tripId, signal) {
      const counting = counters.map(async ({ name, effects, transport }) => [
        name,
        await effects.count(transport, tripId, { signal }),
      ]);
      return Object.fromEntries(await Promise.all(counting));
    },
    [Symbol.dispose]: () => stack.dispose(),
  };
}

import { mapReactors, type ReactorName, reactorNames } from "@fanfare/topology";
import { openTransport } from "../trip/trips-client.ts";

/** The number of effects that a trip has in each reactor. */
export type Effects = Readonly<Record<ReactorName, number>>;

/** Counts effects over connections that it closes when it is disposed of. */
export interface EffectsReader extends Disposable {
  /** Requests the effects of a trip from the API of each reactor. */
  count(tripId: string, signal: AbortSignal): Promise<Effects>;
}

/** Creates a reader that calls the reactors at `urls` with the token of an operator. */
export function createEffectsReader(
  urls: Readonly<Record<ReactorName, string>>,
  token: string,
): EffectsReader {
  const stack = new DisposableStack();
  const counters = mapReactors(({ name, effects }) => {
    const { transport } = stack.use(openTransport({ url: urls[name], token }));
    return (tripId: string, signal: AbortSignal) => effects.count(transport, tripId, { signal });
  });
  return {
    async count(tripId, signal) {
      const counts = new Map<string, number>();
      await Promise.all(
        reactorNames.map(async (name) => counts.set(name, await counters[name](tripId, signal))),
      );
      return mapReactors(({ name }) => counts.get(name) ?? 0);
    },
    [Symbol.dispose]: () => stack.dispose(),
  };
}

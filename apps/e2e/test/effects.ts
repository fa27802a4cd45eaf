import { mapReactors, type ReactorName, reactorNames } from "@fanfare/topology";
import type { Clients } from "./clients.ts";

/** The number of effects that a trip has in each reactor. */
export type Effects = Readonly<Record<ReactorName, number>>;

/** The effects of a trip that published nothing. */
export const noEffects: Effects = mapReactors(() => 0);

/** The effects of a trip that completed. */
export const oneEffect: Effects = mapReactors(() => 1);

/** Requests the effects of a trip from the API of each reactor. */
export async function readEffects(clients: Clients, tripId: string): Promise<Effects> {
  const counts = new Map<string, number>();
  await Promise.all(
    reactorNames.map(async (name) => counts.set(name, await clients.countEffects(name, tripId))),
  );
  return mapReactors(({ name }) => counts.get(name) ?? 0);
}

import { countedReactors } from "@fanfare/topology";
import type { Clients } from "./clients.ts";

/** The number of effects of a trip in each reactor whose effects can be counted, by its name. */
export type Effects = Readonly<Record<string, number>>;

/** The effects of a trip that published nothing. */
export const noEffects: Effects = Object.fromEntries(countedReactors.map(({ name }) => [name, 0]));

/** The effects of a trip that completed. */
export const oneEffect: Effects = Object.fromEntries(countedReactors.map(({ name }) => [name, 1]));

/** Requests the effects of a trip from the API of each reactor. */
export async function readEffects(clients: Clients, tripId: string): Promise<Effects> {
  const counting = countedReactors.map(async ({ name, effects }) => [
    name,
    await effects.count(clients.createTransport(name), tripId),
  ]);
  return Object.fromEntries(await Promise.all(counting));
}

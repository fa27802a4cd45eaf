import { mapReactors, type ReactorName, reactorNames } from "./reactors.ts";

/** The name of an app: of its folder, its process and its database. */
export type AppName = "trips" | "worker" | "fleet" | "billing" | ReactorName;

/** A port that an app listens on; `registry` is the port of trips that only services may reach. */
export type PortName = AppName | "registry";

/** All apps, in the order in which a trip meets them. */
export const appNames: readonly AppName[] = [
  "trips",
  "worker",
  "fleet",
  "billing",
  ...reactorNames,
];

/** The port of each app where nothing else is configured. */
export const appPorts: Readonly<Record<PortName, number>> = {
  trips: 8080,
  registry: 8081,
  fleet: 8082,
  billing: 8083,
  worker: 8084,
  ...mapReactors(({ port }) => port),
};

/** All ports that apps listen on. */
export const portNames: readonly PortName[] = [...appNames, "registry"];

/** Returns whether an app has a database of its own: all but the worker have one. */
export function hasDatabase(name: AppName): boolean {
  return name !== "worker";
}

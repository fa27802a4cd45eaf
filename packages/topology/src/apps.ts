import { mapReactors, type ReactorName, reactorNames } from "./reactors.ts";

/** The name of an app: of its folder, its process and its database. */
export type AppName = "trips" | "worker" | "fleet" | "billing" | "riders" | ReactorName;

/** An app that serves calls: all but the worker. */
export type ServingApp = Exclude<AppName, "worker">;

/**
 * A port that an app listens on: that of its API, that of its health, readiness and metrics, and
 * `registry`, the port of trips that only services may reach.
 */
export type PortName = ServingApp | "registry" | HealthPortName;

/** The name of the port of an app's health, readiness and metrics. */
export type HealthPortName = `${AppName}-health`;

/** All apps, in the order in which a trip meets them. */
export const appNames: readonly AppName[] = [
  "trips",
  "worker",
  "fleet",
  "billing",
  "riders",
  ...reactorNames,
];

const apiPorts: Readonly<Record<ServingApp, number>> = {
  trips: 8080,
  fleet: 8082,
  billing: 8083,
  riders: 8089,
  ...mapReactors(({ port }) => port),
};

/** The port of each name where nothing else is configured. */
export const appPorts: Readonly<Record<PortName, number>> = {
  ...apiPorts,
  registry: 8081,
  ...chooseHealthPorts({ ...apiPorts, worker: 8084 }),
};

/** All ports that apps listen on. */
export const portNames: readonly PortName[] = [
  ...appNames.filter(servesCalls),
  "registry",
  ...appNames.map((name) => `${name}-health` as const),
];

/** Returns whether an app serves calls: all but the worker do. */
export function servesCalls(name: AppName): name is ServingApp {
  return name !== "worker";
}

/** Returns whether an app has a database of its own: all but the worker have one. */
export function hasDatabase(name: AppName): boolean {
  return name !== "worker";
}

/** Returns the health port of each app: 1000 above its own, as in `HEALTH_PORT`. */
function chooseHealthPorts(
  ports: Readonly<Record<AppName, number>>,
): Readonly<Record<HealthPortName, number>> {
  const chosen: Partial<Record<HealthPortName, number>> = {};
  for (const name of appNames) chosen[`${name}-health`] = ports[name] + 1000;
  if (!hasAllApps(chosen)) throw new Error("an app is missing");
  return chosen;
}

function hasAllApps(
  ports: Partial<Record<HealthPortName, number>>,
): ports is Record<HealthPortName, number> {
  return appNames.every((name) => `${name}-health` in ports);
}

/** Returns whether an app reads and writes payloads of Temporal. */
export function usesTemporal(name: AppName): boolean {
  return name === "trips" || name === "worker";
}

/** Returns whether an app calls other services, with a token of its own. */
export function callsServices(name: AppName): boolean {
  return ["worker", "billing", "riders", "notifications"].includes(name);
}

import type { AppName, PortName } from "./apps.ts";
import { mapReactors, reactorNames } from "./reactors.ts";

/** A server that several apps share. */
export type ServerName = "postgres" | "nats" | "temporal";

/** A process that opens connections: an app, an operation on the servers, or the `fanfare` command. */
export type ClientName = AppName | "provision" | "rotate" | "backup" | "restore" | "cli";

/** All servers that several apps share. */
export const serverNames: readonly ServerName[] = ["postgres", "nats", "temporal"];

/**
 * What each process connects to, by the names of servers and of the apps' ports. The networks of
 * docker-compose.yml and the policies of deploy/kubernetes allow this and nothing else.
 */
export const connections: Readonly<Record<ClientName, readonly (ServerName | PortName)[]>> = {
  trips: ["postgres", "temporal"],
  worker: ["temporal", "nats", "registry", "fleet", "billing"],
  fleet: ["postgres", "nats"],
  billing: ["postgres", "riders"],
  riders: ["postgres", "nats", "registry", "billing", "notifications"],
  ...mapReactors(() => ["postgres", "nats"] as const),
  notifications: ["postgres", "nats", "riders"],
  provision: ["postgres", "nats", "temporal"],
  rotate: ["postgres", "nats"],
  backup: ["postgres", "nats"],
  restore: ["nats"],
  cli: ["trips", "riders", ...reactorNames, "nats"],
};

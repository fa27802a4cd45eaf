import { type ClientName, connections, type PortName, type ServerName } from "@fanfare/topology";
import type { ComposeFile } from "./compose-model.ts";

/** The services of compose that run a process of the topology under another name. */
const aliases: Readonly<Record<string, ClientName>> = { demo: "cli", fanfare: "cli" };

/** The networks that publish ports. Containers on them do not reach one another. */
export const publishing: readonly string[] = ["host", "host-riders", "host-servers"];

/** Returns the services that share a network with a service of compose, in the order of their names. */
export function findNeighbours({ services }: ComposeFile, name: string): readonly string[] {
  const own = listNetworks(services, name);
  return Object.keys(services)
    .filter((other) => other !== name)
    .filter((other) => listNetworks(services, other).some((network) => own.includes(network)))
    .toSorted();
}

/** Returns the services that the topology lets connect to a server, or to an app's port. */
export function findClients(compose: ComposeFile, peer: ServerName | PortName): readonly string[] {
  return Object.keys(compose.services)
    .filter((name) => findConnections(name).includes(peer))
    .toSorted();
}

/** Returns what the topology lets a service of compose connect to. A server connects to nothing. */
export function findConnections(service: string): readonly (ServerName | PortName)[] {
  const known: Readonly<Record<string, readonly (ServerName | PortName)[] | undefined>> =
    connections;
  return known[aliases[service] ?? service] ?? [];
}

function listNetworks(services: ComposeFile["services"], name: string): readonly string[] {
  const { networks = {}, network_mode } = services[name] ?? {};
  return network_mode === "none"
    ? []
    : Object.keys(networks).filter((one) => !publishing.includes(one));
}

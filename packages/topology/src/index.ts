export {
  type AppName,
  appNames,
  appPorts,
  callsServices,
  hasDatabase,
  type PortName,
  portNames,
  servesCalls,
  usesTemporal,
} from "./apps.ts";
export { type ClientName, connections, type ServerName, serverNames } from "./connections.ts";
export { findEventSchema, type Group, groups, publishers, topics } from "./events.ts";
export { type NatsUser, natsUsers } from "./nats-users.ts";
export type { CountEffects, Reactor, ReactorEffects } from "./reactor.ts";
export {
  type CountedReactor,
  countedReactors,
  type ListedReactor,
  mapReactors,
  type ReactorName,
  reactorNames,
  reactors,
} from "./reactors.ts";

import type { BusCode } from "@fanfare/bus";

/** The bus's codes for the error numbers of JetStream's API. Other numbers map by their status. */
export const apiErrorCodes: ReadonlyMap<number, BusCode> = new Map([
  [10002, "resource_exhausted"], // resource limits exceeded for account
  [10005, "resource_exhausted"], // no suitable servers for the replicas
  [10023, "resource_exhausted"], // insufficient resources
  [10026, "resource_exhausted"], // maximum consumers limit reached
  [10027, "resource_exhausted"], // maximum number of streams reached
  [10028, "resource_exhausted"], // insufficient memory resources available
  [10047, "resource_exhausted"], // insufficient storage resources available
  [10077, "stream_full"], // the stream's limits, with discard: new
  [10007, "no_leader"], // no leader is assigned to the stream or consumer
  [10008, "no_leader"], // the cluster has no metadata leader
  [10009, "no_leader"], // this server is no longer the leader
  [10118, "no_leader"], // the stream's servers are offline
  [10119, "no_leader"], // the consumer's servers are offline
  [10012, "invalid_argument"], // consumer create
  [10049, "invalid_argument"], // stream create
  [10052, "invalid_argument"], // stream configuration
  [10054, "too_large"], // message size exceeds the stream's maximum
  [10158, "unavailable"], // the first copy of this message is not replicated yet
  [10174, "unsupported"], // the stream does not allow atomic batches
  [10176, "unavailable"], // a message of the batch is missing
  [10199, "invalid_argument"], // the batch is too large
  [10201, "already_stored"], // an id of the batch is a duplicate
  [10210, "resource_exhausted"], // too many batches in flight
  [10013, "drift"], // consumer name already in use
  [10058, "drift"], // stream name already in use with a different configuration
  [10065, "drift"], // subjects overlap with an existing stream
  [10069, "drift"], // stream update
  [10105, "drift"], // consumer already exists and is still active
  [10109, "drift"], // sealed stream
  [10148, "drift"], // consumer already exists
]);

/** The bus's codes for the statuses of JetStream's API. */
export const statusCodes: ReadonlyMap<number, BusCode> = new Map([
  [404, "not_provisioned"],
  [429, "resource_exhausted"],
  [503, "unavailable"],
]);

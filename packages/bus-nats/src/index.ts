export { restoreStreams } from "./backup/restore-streams.ts";
export { openStreamBackup, type StreamBackup, type StreamEnds } from "./backup/stream-backup.ts";
export { openStreamReader, type StreamMessage, type StreamReader } from "./backup/stream-reader.ts";
export { connectNats } from "./connect-nats.ts";
export {
  type Credentials,
  createInboxPrefix,
  createUserOptions,
} from "./connection/create-user-options.ts";
export { createNatsBroker } from "./create-nats-broker.ts";
export type { GroupChange } from "./groups/declare-consumer.ts";
export {
  type GroupStatus,
  type ReadGroupsOptions,
  readGroups,
  type TopicStatus,
} from "./groups/read-groups.ts";
export type { NatsBrokerOptions, NatsOptions } from "./nats-options.ts";
export {
  checkDurability,
  type Durability,
  type DurabilityOptions,
} from "./provisioning/check-durability.ts";
export { createNKey, type NKey, readPublicKey } from "./provisioning/create-nkey.ts";
export {
  type AccountsOptions,
  type AccountUser,
  formatAccounts,
} from "./provisioning/format-accounts.ts";
export type { GroupTopics, UserTasks } from "./provisioning/list-user-subjects.ts";
export {
  type Permissions,
  type PermissionsOptions,
  planPermissions,
} from "./provisioning/plan-permissions.ts";
export {
  type ProvisionedGroup,
  type ProvisionGroupsOptions,
  provisionGroups,
} from "./provisioning/provision-groups.ts";
export { type ProvisionOptions, provisionTopics } from "./provisioning/provision-topics.ts";
export { reloadServers } from "./provisioning/reload-servers.ts";
export { defaultStreamSettings, type StreamSettings } from "./streams/stream-settings.ts";
export type { TopicChange } from "./streams/topic-streams.ts";

export { type Credentials, createInboxPrefix, createUserOptions } from "./as-user.ts";
export { connectNats } from "./connect.ts";
export type { GroupChange } from "./consumers.ts";
export { checkDurability, type Durability, type DurabilityOptions } from "./durability.ts";
export { type Permissions, type PermissionsOptions, planPermissions } from "./permissions.ts";
export {
  type ProvisionedGroup,
  type ProvisionGroupsOptions,
  type ProvisionOptions,
  provisionGroups,
  provisionTopics,
} from "./provision.ts";
export {
  type GroupStatus,
  type ReadGroupsOptions,
  readGroups,
  type TopicStatus,
} from "./read-groups.ts";
export type { NatsOptions } from "./settings.ts";
export { defaultStreamSettings, type StreamSettings } from "./stream-settings.ts";
export type { TopicChange } from "./streams.ts";

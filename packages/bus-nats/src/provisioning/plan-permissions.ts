import type { ApiAddress } from "../connection/resolve-api-prefix.ts";
import { listUserSubjects, type UserTasks } from "./list-user-subjects.ts";

/** The permissions of a NATS user, in the form of the server's configuration. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** What a NATS user is to do, and how it connects. */
export interface PermissionsOptions extends UserTasks, ApiAddress {
  /**
   * The inbox prefix with which the user connects. Give each user its own: a user who may
   * subscribe to another's inbox sees the events that are delivered there. Default: "_INBOX".
   */
  readonly inboxPrefix?: string;
  /** The prefix with which the user connects. Default: "fanfare". */
  readonly prefix?: string;
}

/**
 * Returns the least permissions of a process with `provision: false`, whose streams and groups are
 * provisioned. Throws `invalid_argument`.
 *
 * Permissions do not cover the subjects to which the server replies: where users do not trust each other,
 * give each its own account, with `formatAccounts`.
 *
 * @example
 * const permissions = planPermissions({
 *   groups: [{ group: "revenue", topics: ["trips.completed"] }],
 *   inboxPrefix: createInboxPrefix("revenue"),
 * });
 * console.log(`{ user: revenue, permissions: ${JSON.stringify(permissions)} }`);
 */
export function planPermissions(options: PermissionsOptions): Permissions {
  const { inboxPrefix = "_INBOX" } = options;
  return {
    publish: listUserSubjects(options).map(({ subject }) => subject),
    subscribe: [`${inboxPrefix}.>`],
  };
}

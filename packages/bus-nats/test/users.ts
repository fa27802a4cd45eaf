import { planPermissions } from "../src/provisioning/plan-permissions.ts";

/** The users of a server: a publisher of some topics, and one for each group. */
export interface UsersPlan {
  readonly publishes: readonly string[];
  readonly groups: readonly { readonly group: string; readonly topics: readonly string[] }[];
}

/** The options of the user who provisions. */
export const adminOptions = { user: "admin", password: "secret" };

/** Returns the options of a user with the least privilege: "publisher", or the name of a group. */
export function createUser(user: string) {
  return { user, password: "secret", inboxPrefix: formatInboxPrefix(user), provision: false };
}

/** Returns the inbox prefix of a user. */
export function formatInboxPrefix(user: string): string {
  return `_INBOX_${user}`;
}

/** Returns a server configuration with an administrator and the users that planPermissions() plans. */
export function formatUsers({ publishes, groups }: UsersPlan): string {
  const publisher = planPermissions({ publishes, inboxPrefix: formatInboxPrefix("publisher") });
  const each = groups.map((one) => {
    const inboxPrefix = formatInboxPrefix(one.group);
    return [one.group, planPermissions({ groups: [one], inboxPrefix })] as const;
  });
  const lines = [["publisher", publisher] as const, ...each].map(
    ([user, permissions]) =>
      `{ user: ${user}, password: secret, permissions: ${JSON.stringify(permissions)} }`,
  );
  return `authorization { users: [{ user: admin, password: secret }, ${lines.join(", ")}] }`;
}

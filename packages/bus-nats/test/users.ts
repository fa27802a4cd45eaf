import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type NodeConnectionOptions, nkeyAuthenticator } from "@nats-io/transport-node";
import { createInboxPrefix, createUserOptions } from "../src/connection/create-user-options.ts";
import type { NatsBrokerOptions } from "../src/nats-options.ts";
import { createNKey } from "../src/provisioning/create-nkey.ts";
import { formatAccounts } from "../src/provisioning/format-accounts.ts";
import type { GroupTopics } from "../src/provisioning/list-user-subjects.ts";
import { type PermissionsOptions, planPermissions } from "../src/provisioning/plan-permissions.ts";

/** The users of a server: a publisher of some topics, one for each group, and an operator of all groups. */
export interface UsersPlan {
  readonly publishes: readonly string[];
  readonly groups: readonly GroupTopics[];
}

/** Where the users of a server are: all in one account, or each in an account of its own. */
export const layouts = ["one account", "an account each"] as const;

/** Users with the least privilege: "publisher", the name of a group, or "operator". */
export interface Users extends Disposable {
  /** The configuration of the server. */
  readonly config: string;
  /** The options of the administrator. */
  readonly admin: Partial<NatsBrokerOptions>;
  /** The administrator's login, for a client of nats.js. */
  readonly adminLogin: NodeConnectionOptions;
  /** Returns the options of a user. */
  find(name: string): Partial<NatsBrokerOptions>;
  /** Returns the login of a user, for a client of nats.js. */
  login(name: string): NodeConnectionOptions;
}

/** Lists what each user may do. */
export function listUsers({ publishes, groups }: UsersPlan) {
  return [
    { name: "publisher", publishes },
    ...groups.map((one) => ({ name: one.group, groups: [one] })),
    { name: "operator", operates: groups },
  ];
}

/** Creates the users of a server. */
export function createUsers(layout: (typeof layouts)[number], plan: UsersPlan): Users {
  return layout === "one account" ? createPasswords(plan) : createAccounts(plan);
}

function createPasswords(plan: UsersPlan): Users {
  const password = "secret";
  const format = (user: { name: string } & PermissionsOptions) => {
    const inboxPrefix = createInboxPrefix(user.name);
    const permissions = JSON.stringify(planPermissions({ ...user, inboxPrefix }));
    return `{ user: ${user.name}, password: ${password}, permissions: ${permissions} }`;
  };
  const users = listUsers(plan).map(format).join(", ");
  const login = (user: string) => ({ user, pass: password, inboxPrefix: createInboxPrefix(user) });
  return {
    config: `authorization { users: [{ user: admin, password: ${password} }, ${users}] }`,
    admin: { user: "admin", password },
    adminLogin: { user: "admin", pass: password },
    find: (user) => createUserOptions(user, { user, password }),
    login,
    [Symbol.dispose]: () => {},
  };
}

function createAccounts(plan: UsersPlan): Users {
  const folder = mkdtempSync(join(tmpdir(), "nats-users-"));
  const seeds = new Map<string, string>();
  const createKey = (name: string) => {
    const { seed, publicKey } = createNKey();
    seeds.set(name, seed);
    writeFileSync(join(folder, name), `${seed}\n`);
    return publicKey;
  };
  const authenticate = (name: string) => ({
    authenticator: nkeyAuthenticator(new TextEncoder().encode(seeds.get(name))),
  });
  return {
    config: formatAccounts({
      users: listUsers(plan).map((user) => ({ ...user, nkeys: [createKey(user.name)] })),
      administrators: [createKey("admin")],
    }),
    admin: { nkeyFile: join(folder, "admin") },
    adminLogin: authenticate("admin"),
    find: (name) => createUserOptions(name, { nkeyFile: join(folder, name) }),
    login: (name) => ({ ...authenticate(name), inboxPrefix: createInboxPrefix(name) }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

import { BusError } from "@fanfare/bus";
import { createInboxPrefix } from "../connection/create-user-options.ts";
import { checkPrefix } from "../wire/subject.ts";
import { listUserSubjects, type UserSubject, type UserTasks } from "./list-user-subjects.ts";
import { planPermissions } from "./plan-permissions.ts";

/**
 * How long the server keeps the way back for a reply that may be followed by others. Pull requests have
 * a heartbeat every 5 s, or end within 10 s.
 */
const replyThreshold = "20s";

/** A NATS user with an account of its own. */
export interface AccountUser extends UserTasks {
  /** The name of the user and of its account, such as "revenue". */
  readonly name: string;
  /** The public NKeys with which it may connect: one, or two while they are rotated. */
  readonly nkeys: readonly string[];
}

/** The accounts of a server. */
export interface AccountsOptions {
  /** The users, each in an account of its own. */
  readonly users: readonly AccountUser[];
  /** The public NKeys that may provision: whoever has one may do everything in the account of the streams. */
  readonly administrators: readonly string[];
  /** The public NKeys of the system account, which may monitor and reload the server. Default: none. */
  readonly system?: readonly string[];
  /** The account of the streams. Default: the prefix. */
  readonly account?: string;
  /** The prefix with which the users connect. Default: "fanfare". */
  readonly prefix?: string;
}

/**
 * Returns the configuration of a NATS server on which no user can make the server write where the user may
 * not: as text, to be included in the server's configuration file. Throws `invalid_argument`.
 *
 * The streams belong to one account. Each user has an account of its own, which imports exactly the
 * subjects that `planPermissions` plans. The server sends a reply to the account of the request, where no
 * stream and no other user is, whatever reply subject the request names.
 *
 * @example
 * const { publicKey: revenue } = createNKey();
 * const { publicKey: administrator } = createNKey();
 * const groups = [{ group: "revenue", topics: ["trips.completed"] }];
 * console.log(
 *   formatAccounts({
 *     users: [{ name: "revenue", nkeys: [revenue], groups }],
 *     administrators: [administrator],
 *   }),
 * );
 */
export function formatAccounts(options: AccountsOptions): string {
  const { users, administrators, system = [] } = options;
  const prefix = checkPrefix(options.prefix ?? "fanfare");
  const account = options.account ?? prefix;
  checkNames([account, systemAccount, ...users.map(({ name }) => name)]);
  checkKeys([...administrators, ...system, ...users.flatMap(({ nkeys }) => nkeys)]);
  return [
    "accounts: {",
    ...formatOwner({ ...options, account, prefix }),
    ...users.flatMap((user) => formatUser(user, { account, prefix })),
    `  ${systemAccount}: {`,
    ...formatList("users", system.map(formatLogin)),
    "  }",
    "}",
    `system_account: ${systemAccount}`,
    "",
  ].join("\n");
}

const systemAccount = "SYS";

interface Owner {
  readonly account: string;
  readonly prefix: string;
}

function formatOwner({
  account,
  prefix,
  users,
  administrators,
}: Owner & AccountsOptions): string[] {
  const exports = new Map<string, UserSubject & { readonly importers: string[] }>();
  for (const user of users) {
    for (const one of listImports(user, prefix)) {
      const known = exports.get(one.subject) ?? { ...one, importers: [] };
      exports.set(one.subject, known);
      known.importers.push(user.name);
    }
  }
  return [
    `  ${quote(account)}: {`,
    "    jetstream: enabled",
    ...formatList("users", administrators.map(formatLogin)),
    ...formatList("exports", Array.from(exports.values(), formatExport)),
    "  }",
  ];
}

/**
 * Lists the subjects that the account of a user imports. An account that does not import `$JS.API.INFO`
 * answers all requests to JetStream's API itself: that it has no JetStream. No user may publish to it.
 */
function listImports(user: AccountUser, prefix: string): readonly UserSubject[] {
  return [{ subject: "$JS.API.INFO", replies: "one" }, ...listUserSubjects({ ...user, prefix })];
}

function formatExport({
  subject,
  replies,
  importers,
}: UserSubject & { readonly importers: readonly string[] }): string {
  const response =
    replies === "one"
      ? ""
      : `, response_type: stream, response_threshold: ${quote(replyThreshold)}`;
  return `{ service: ${quote(subject)}, accounts: ${JSON.stringify(importers)}${response} }`;
}

function formatUser(user: AccountUser, { account, prefix }: Owner): string[] {
  const inboxPrefix = createInboxPrefix(user.name);
  const permissions = JSON.stringify(planPermissions({ ...user, prefix, inboxPrefix }));
  const imports = listImports(user, prefix).map(
    ({ subject }) => `{ service: { account: ${quote(account)}, subject: ${quote(subject)} } }`,
  );
  return [
    `  ${quote(user.name)}: {`,
    ...formatList(
      "users",
      user.nkeys.map((nkey) => `{ nkey: ${nkey}, permissions: ${permissions} }`),
    ),
    ...formatList("imports", imports),
    "  }",
  ];
}

function formatLogin(nkey: string): string {
  return `{ nkey: ${nkey} }`;
}

function formatList(name: string, items: readonly string[]): string[] {
  if (items.length === 0) return [];
  return [`    ${name}: [`, ...items.map((item) => `      ${item}`), "    ]"];
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function checkNames(names: readonly string[]): void {
  for (const [index, name] of names.entries()) {
    if (!/^[\w-]+$/.test(name)) {
      const message = `"${name}" cannot be the name of an account: use letters, digits, _ and -`;
      throw new BusError("invalid_argument", message);
    }
    if (names.indexOf(name) !== index) {
      const message = `two accounts have the name "${name}": each user needs a name of its own, which is not that of the streams' account`;
      throw new BusError("invalid_argument", message);
    }
  }
}

/** A key decides in which account its owner is. */
function checkKeys(keys: readonly string[]): void {
  for (const [index, key] of keys.entries()) {
    if (!/^U[A-Z2-7]{55}$/.test(key)) {
      const message = `expected a public NKey of a user, which begins with U, got "${key.slice(0, 4)}…"`;
      throw new BusError("invalid_argument", message);
    }
    if (keys.indexOf(key) !== index) {
      throw new BusError("invalid_argument", `two users have the public NKey ${key}`);
    }
  }
}

import type { NatsBrokerOptions } from "../nats-options.ts";
import { parseServers } from "./parse-servers.ts";

/** The credentials of a NATS user; empty for a server that requires none. */
export interface Credentials {
  /** The addresses with which the process connects: they may contain its credentials. */
  readonly servers?: string | readonly string[] | undefined;
  /** A function is called at every connect, as for the password. */
  readonly user?: string | (() => string) | undefined;
  readonly password?: string | (() => string) | undefined;
  /** The path of a credentials file (`.creds`), instead of user and password. */
  readonly credentialsFile?: string | undefined;
  /** The path of a file with an NKey seed, instead of user and password. */
  readonly nkeyFile?: string | undefined;
}

/**
 * Returns the options of a process that connects as a NATS user of its own, with the permissions of
 * `planPermissions({ …, inboxPrefix: createInboxPrefix(name) })`: `provision: false` and a private
 * inbox prefix. Without credentials it returns no options, so the process provisions what it needs.
 *
 * @example
 * const { NATS_USER: user, NATS_PASSWORD: password } = process.env;
 * await connectNats({ servers, ...createUserOptions("revenue", { user, password }) });
 */
export function createUserOptions(
  name: string,
  { servers, user, password, credentialsFile, nkeyFile }: Credentials,
): Partial<NatsBrokerOptions> {
  const inUrl = servers === undefined ? undefined : parseServers(servers).credentials;
  const given = user ?? credentialsFile ?? nkeyFile ?? inUrl;
  if (given === undefined) return {};
  return {
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(credentialsFile === undefined ? {} : { credentialsFile }),
    ...(nkeyFile === undefined ? {} : { nkeyFile }),
    inboxPrefix: createInboxPrefix(name),
    provision: false,
  };
}

/**
 * Returns the inbox prefix of a NATS user: the subjects on which its processes receive replies and
 * events, and which no other user may subscribe to.
 *
 * @example
 * const { subscribe } = planPermissions({
 *   publishes: ["trips.completed"],
 *   inboxPrefix: createInboxPrefix("trips"),
 * });
 * console.log(subscribe); // ["_INBOX_trips.>"]
 */
export function createInboxPrefix(name: string): string {
  return `_INBOX_${name}`;
}

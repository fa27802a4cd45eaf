import type { NatsOptions } from "./settings.ts";

/** Credentials are what a process was given to say who it is to NATS; none where it is anybody. */
export interface Credentials {
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** The path of a credentials file (`.creds`), in place of user and password. */
  readonly credentialsFile?: string | undefined;
}

/**
 * createUserOptions is how a process connects that has a user of its own, with the permissions that
 * `planPermissions({ ..., inboxPrefix: createInboxPrefix(name) })` prints: it takes streams and groups as
 * they were provisioned, and listens on an inbox that is its alone. Without credentials there is
 * nothing to say, and the process makes what it needs.
 */
export function createUserOptions(
  name: string,
  { user, password, credentialsFile }: Credentials,
): Partial<NatsOptions> {
  if (user === undefined && credentialsFile === undefined) return {};
  return {
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(credentialsFile === undefined ? {} : { credentialsFile }),
    inboxPrefix: createInboxPrefix(name),
    provision: false,
  };
}

/** createInboxPrefix is where the answers to a process come that has a user of its own. */
export function createInboxPrefix(name: string): string {
  return `_INBOX_${name}`;
}

import { join } from "node:path";
import type { NatsOptions } from "@fanfare/bus-nats";
import { readVariable } from "@fanfare/service";
import { locateSources } from "../../backup/locate-sources.ts";
import { formatError } from "../../cli-error.ts";
import { readNatsLogin } from "../../nats/nats-options.ts";
import { getStateFolder } from "../../stack/state-folder.ts";

/** The flags that name the files to search. */
export interface PlaceFlags {
  /** The folder of the logs. Default: that of the running stack. */
  readonly logs?: string;
  /** The file of Temporal's database. Default: that of the running stack. */
  readonly temporalDatabase?: string;
}

/** Where to search, or why it cannot be searched. */
export interface Places {
  readonly adminUrl: Located<string>;
  readonly nats: Located<NatsOptions>;
  readonly temporal: Located<string>;
  readonly logs: Located<string>;
}

/** A place, or what to do so that it can be searched. */
export type Located<T> = { readonly at: T } | { readonly missing: string };

/**
 * Locates what POSTGRES_ADMIN_URL, NATS_URL and the flags name, or all of the running stack when neither variable is
 * set. Throws nothing: a place that is not located has the reason.
 */
export async function locatePlaces(env: NodeJS.ProcessEnv, flags: PlaceFlags): Promise<Places> {
  const { logs, temporalDatabase } = flags;
  const files = {
    temporal: locate(temporalDatabase, "name the file of its database with --temporal-database"),
    logs: locate(logs, "name their folder with --logs"),
  };
  try {
    const adminUrl = readVariable("POSTGRES_ADMIN_URL", env);
    if (adminUrl !== undefined || env.NATS_URL) {
      const nats = env.NATS_URL ? { servers: env.NATS_URL, ...readNatsLogin(env) } : undefined;
      return {
        adminUrl: locate(adminUrl, "set POSTGRES_ADMIN_URL to the URL of a superuser"),
        nats: locate(nats, "set NATS_URL, and NATS_NKEY_FILE to the key of provision"),
        ...files,
      };
    }
    const stack = await locateSources(env);
    return {
      adminUrl: { at: stack.adminUrl },
      nats: { at: stack.nats },
      temporal: locate(temporalDatabase ?? stack.temporal?.database, "the stack has no file of it"),
      logs: { at: logs ?? join(getStateFolder(), "logs") },
    };
  } catch (error) {
    const missing = formatError(error);
    return { adminUrl: { missing }, nats: { missing }, ...files };
  }
}

function locate<T>(place: T | undefined, missing: string): Located<T> {
  return place === undefined ? { missing } : { at: place };
}

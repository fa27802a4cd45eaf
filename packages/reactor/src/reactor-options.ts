import type { EventRouter } from "@fanfare/bus";
import type {
  Access,
  DatabaseOptions,
  Logger,
  Resources,
  Routes,
  Variables,
} from "@fanfare/service";
import type { Kysely } from "kysely";
import type { Inbox } from "./create-inbox.ts";
import type { ReactorConfig } from "./reactor-variables.ts";
import type { RetainedTable } from "./retained-tables.ts";

export type { ReactorConfig } from "./reactor-variables.ts";
export type { RetainedTable } from "./retained-tables.ts";

/** The parts of a reactor. `DB` are the tables of its database, as Kysely types them. */
export interface ReactorOptions<DB> {
  /**
   * The name of the process and of its consumer group. All processes with this name share the
   * group's events.
   */
  readonly name: string;
  /** What the reactor does, as one sentence for `--help`. */
  readonly about: string;
  /**
   * The port of the API where `PORT` is not set. That of health, readiness and metrics is 1000 above it
   * where `HEALTH_PORT` is not set.
   */
  readonly port: number;
  /**
   * The environment variables that `start` reads, with `loadConfig`, besides those of every reactor. They are
   * printed by `--help`, and the process exits with status 1 when one is invalid.
   */
  readonly variables?: Variables;
  /**
   * The migrations of the database, by name, in the order of the names. One of them is
   * `inboxMigration` of `@fanfare/outbox`.
   */
  readonly migrations: DatabaseOptions["migrations"];
  /**
   * Returns the bindings of the subscription. Each handler is wrapped in `inbox` and writes through the
   * transaction that `inbox` passes to it, so that its effects happen once for each event.
   */
  readonly react: (inbox: Inbox<DB>) => (on: EventRouter) => void;
  /** The tables of the reactor that grow. Their old rows are removed, and those of the inbox in any case. */
  readonly retained?: readonly RetainedTable[];
  /** Registers the Connect services of the reactor's API. Without it there is no API. */
  readonly routes?: (db: Kysely<DB>) => Routes;
  /** Creates the access rules of the API of this name. Required when there are routes. */
  readonly access?: (config: ReactorConfig & { readonly name: string }) => Access;
  /**
   * Starts further work, such as a loop that sends mail, before the subscription starts. Whatever it
   * passes to `resources.use` is closed after the subscription has stopped.
   */
  readonly start?: (context: ReactorContext<DB>) => Promise<void> | void;
}

/** What `start` works with. */
export interface ReactorContext<DB> {
  /** The reactor's database. Its migrations may still be running. */
  readonly db: Kysely<DB>;
  /** The values of the environment variables that every reactor reads. */
  readonly config: ReactorConfig;
  readonly logger: Logger;
  /** Keeps what has to be closed when the process stops. */
  readonly resources: Resources;
}

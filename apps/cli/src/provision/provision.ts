import { type NatsOptions, provisionGroups, provisionTopics } from "@fanfare/bus-nats";
import { type DatabaseLogins, provisionDatabases } from "@fanfare/secrets";
import { groups, topics } from "@fanfare/topology";
import type { TemporalSettings } from "@fanfare/trip-contract/temporal";

/** The servers to provision. A server that is absent is not provisioned. */
export interface ProvisionTarget {
  readonly postgres?: PostgresTarget | undefined;
  readonly natsUrl?: string | undefined;
  /** The login for NATS. Default: none. */
  readonly natsCredentials?: Omit<NatsOptions, "servers">;
  /** The number of servers of a cluster that store each event. Default: unchanged, or 1. */
  readonly replicas?: number | undefined;
  readonly temporal?: TemporalSettings | undefined;
}

/** A PostgreSQL server to provision. */
export interface PostgresTarget {
  readonly adminUrl: string;
  /** The enabled logins of each database. */
  readonly logins: DatabaseLogins;
  /** The connections that a login, and all of a database, may have at the same time. */
  readonly connectionLimit: number;
}

/** What exists after provisioning. */
export interface Provisioned {
  readonly databases: readonly string[];
  readonly streams: readonly string[];
  readonly searchAttributes: readonly string[];
  /** A sentence for each database of the server that every role may connect to. */
  readonly warnings: readonly string[];
}

/**
 * Creates what the apps need and may not create themselves: databases with their roles, streams,
 * Temporal's namespace and search attributes. Of what exists, repairs the permissions of the roles alone. Rejects when something exists
 * with settings that cannot be changed.
 */
export async function provision(target: ProvisionTarget): Promise<Provisioned> {
  const { postgres, natsUrl, natsCredentials, replicas, temporal } = target;
  const [warnings, streams, searchAttributes] = await Promise.all([
    postgres === undefined ? [] : provisionDatabases(postgres.adminUrl, postgres.logins, postgres),
    natsUrl === undefined ? [] : provisionNats({ servers: natsUrl, ...natsCredentials }, replicas),
    temporal === undefined ? [] : provisionTemporalAt(temporal),
  ]);
  const databases = Object.keys(postgres?.logins ?? {});
  return { databases, streams, searchAttributes, warnings };
}

async function provisionNats(server: NatsOptions, replicas: number | undefined): Promise<string[]> {
  const nats = { ...server, streams: replicas === undefined ? {} : { replicas } };
  const streams = await provisionTopics(nats, { topics });
  await provisionGroups(nats, { groups });
  return streams.map(({ stream }) => stream);
}

/** Imports Temporal's client only when it is needed, as the import slows down every command. */
async function provisionTemporalAt(temporal: TemporalSettings) {
  const { provisionTemporal } = await import("./provision-temporal.ts");
  return await provisionTemporal(temporal);
}

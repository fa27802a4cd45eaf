import { type NatsOptions, provisionGroups, provisionTopics } from "@fanfare/bus-nats";
import { createDatabase } from "@fanfare/dev-stack";
import { appNames, groups, hasDatabase, topics } from "@fanfare/topology";

/** The servers to provision. A server that is absent is not provisioned. */
export interface ProvisionTarget {
  readonly postgresAdminUrl?: string | undefined;
  readonly natsUrl?: string | undefined;
  /** The login for NATS. Default: none. */
  readonly natsCredentials?: Omit<NatsOptions, "servers">;
  /** The number of servers of a cluster that store each event. Default: unchanged, or 1. */
  readonly replicas?: number | undefined;
  readonly temporal?: { readonly address: string; readonly namespace: string } | undefined;
}

/** What exists after provisioning. */
export interface Provisioned {
  /** The DATABASE_URL of each app. */
  readonly databases: Readonly<Record<string, string>>;
  readonly streams: readonly string[];
  readonly searchAttributes: readonly string[];
}

/**
 * Creates what the apps need and may not create themselves: databases with their roles, streams,
 * Temporal's namespace and search attributes. Changes nothing that exists. Rejects when something exists
 * with settings that cannot be changed.
 */
export async function provision(target: ProvisionTarget): Promise<Provisioned> {
  const { postgresAdminUrl, natsUrl, natsCredentials, replicas, temporal } = target;
  const [databases, streams, searchAttributes] = await Promise.all([
    postgresAdminUrl === undefined ? {} : provisionDatabases(postgresAdminUrl),
    natsUrl === undefined ? [] : provisionNats({ servers: natsUrl, ...natsCredentials }, replicas),
    temporal === undefined ? [] : provisionTemporalAt(temporal),
  ]);
  return { databases, streams, searchAttributes };
}

async function provisionNats(server: NatsOptions, replicas: number | undefined): Promise<string[]> {
  const nats = { ...server, streams: replicas === undefined ? {} : { replicas } };
  const streams = await provisionTopics(nats, { topics });
  await provisionGroups(nats, { groups });
  return streams.map(({ stream }) => stream);
}

/** Imports Temporal's client only when it is needed, as the import slows down every command. */
async function provisionTemporalAt(temporal: { address: string; namespace: string }) {
  const { provisionTemporal } = await import("./provision-temporal.ts");
  return await provisionTemporal(temporal);
}

async function provisionDatabases(adminUrl: string): Promise<Record<string, string>> {
  const databases: Record<string, string> = {};
  for (const name of appNames) {
    if (hasDatabase(name)) databases[name] = await createDatabase(adminUrl, name);
  }
  return databases;
}

import { type NatsOptions, provisionGroups, provisionTopics } from "@fanfare/bus-nats";
import { createDatabase } from "@fanfare/dev-stack";
import { appNames, groups, hasDatabase, topics } from "@fanfare/topology";

export interface ProvisionTarget {
  /** Without one, no databases are made. */
  readonly postgresAdminUrl?: string | undefined;
  readonly natsUrl?: string | undefined;
  /** Who provisions NATS; anybody when absent. */
  readonly natsCredentials?: Pick<NatsOptions, "user" | "password" | "credentialsFile">;
  /** On how many servers of a cluster each event is stored; as it is, or 1, when absent. */
  readonly replicas?: number | undefined;
  readonly temporal?: { readonly address: string; readonly namespace: string } | undefined;
}

/** Provisioned is what is there now. */
export interface Provisioned {
  /** The DATABASE_URL of each app. */
  readonly databases: Readonly<Record<string, string>>;
  readonly streams: readonly string[];
  readonly searchAttributes: readonly string[];
}

/**
 * provision makes what the apps need and may not make themselves: databases with their roles,
 * streams, Temporal's namespace and search attributes. What is there already stays as it is. Rejects
 * when something there differs in a way that must not be changed.
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

/** Temporal's client is worth a good part of a command's start, and mostly not needed. */
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

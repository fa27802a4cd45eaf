import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { openStreamBackup } from "@fanfare/bus-nats";
import { stateFormat } from "../stack/state-format.ts";
import { createCompleteFolder } from "./complete-folder.ts";
import { locateSources, type Sources } from "./locate-sources.ts";
import { type Manifest, temporalFolder, writeManifest } from "./manifest.ts";
import { backUpPostgres } from "./postgres-backup.ts";
import { backUpTemporal } from "./temporal-backup.ts";

/**
 * Backs up the servers that POSTGRES_ADMIN_URL and NATS_URL name, else the running stack, into a folder that
 * is missing or empty. A backup that fails leaves no folder.
 */
export async function backUpSystem(folder: string, env: NodeJS.ProcessEnv): Promise<Manifest> {
  const sources = await locateSources(env);
  return await createCompleteFolder(folder, (part) => saveAll(sources, part));
}

/**
 * Saves the parts, the oldest first. Workflows and positions of consumers may be older than the databases:
 * a step that is repeated is answered by its key, an event that is delivered again by the inboxes. The
 * streams end at the instant of the databases, so that no event is lost and none is without its cause.
 */
async function saveAll({ adminUrl, nats, temporal }: Sources, to: string): Promise<Manifest> {
  const began = new Date();
  if (temporal !== undefined) {
    await backUpTemporal(temporal.database, join(to, temporalFolder, "temporal.db"));
  }
  await using streams = await openStreamBackup(nats, join(to, "streams"));
  await streams.saveSnapshots();
  await mkdir(join(to, "postgres"), { mode: 0o700 });
  const { version, instant, read } = await backUpPostgres({
    adminUrl,
    to: join(to, "postgres", "cluster"),
    atInstant: () => streams.readEnds(),
  });
  await streams.saveUntil(read);
  return await writeManifest(to, {
    stateFormat,
    postgresVersion: version,
    codecKeys: temporal?.codecKeys ?? [],
    began: began.toISOString(),
    instant: instant.toISOString(),
  });
}

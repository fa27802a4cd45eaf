import { realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CliError } from "../cli-error.ts";
import { copyCluster, copyLog } from "./copy-cluster.ts";
import { connect, withFence } from "./fence.ts";

/** What to back up, and where to. */
export interface PostgresBackup<T> {
  readonly adminUrl: string;
  /** The folder of the server's files. */
  readonly cluster: string;
  /** The folder to create. */
  readonly to: string;
  /** Called at the instant of the backup, at which nothing is written. Its time is that of the pause. */
  readonly atInstant: () => Promise<T>;
}

/** The instant of a backup, and what was read at it. */
export interface SavedPostgres<T> {
  readonly version: string;
  readonly instant: Date;
  readonly read: T;
}

/**
 * Copies all databases of a running server as they are at one instant, and reads at that instant what
 * belongs to it. Writers wait for milliseconds at the instant, and for nothing before.
 */
export async function backUpPostgres<T>(options: PostgresBackup<T>): Promise<SavedPostgres<T>> {
  const { adminUrl, cluster, to, atInstant } = options;
  // The session must stay open: the backup and the slot that keeps the log end with it.
  const session = await connect(adminUrl);
  try {
    const query = async (sql: string): Promise<Record<string, string>> =>
      (await session.query<Record<string, string>>(sql)).rows[0] ?? {};
    const { folder = "", version = "" } = await query(
      "select current_setting('data_directory') as folder, current_setting('server_version') as version",
    );
    await checkFolder(folder, cluster);
    const slot = `fanfare_backup_${process.pid}`;
    await query(`select pg_create_physical_replication_slot('${slot}', true, true)`);
    const { first = "" } = await query(
      "select pg_walfile_name(pg_backup_start('fanfare backup', true)) as first",
    );
    await copyCluster(cluster, to);
    const { end, instant, read } = await withFence(adminUrl, async () => ({
      end: await query(
        "select pg_walfile_name(lsn) as last, labelfile as label from pg_backup_stop(false)",
      ),
      instant: new Date(),
      read: await atInstant(),
    }));
    const { last = "", label = "" } = end;
    await copyLog(cluster, to, { first, last });
    await writeFile(join(to, "backup_label"), label, { mode: 0o600 });
    return { version, instant, read };
  } finally {
    await session.end();
  }
}

async function checkFolder(found: string, expected: string): Promise<void> {
  const [one, other] = await Promise.all(
    [found, expected].map((path) => realpath(path).catch(() => undefined)),
  );
  if (one !== undefined && one === other) return;
  throw new CliError(
    `expected the PostgreSQL of this stack with its files in ${expected}, found a server with ${found}: ` +
      "back up a server of yours with its own tools",
  );
}

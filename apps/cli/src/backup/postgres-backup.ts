import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Client } from "pg";
import { CliError } from "../cli-error.ts";
import { copyCluster, copyLog } from "./copy-cluster.ts";
import { connect, withFence } from "./fence.ts";

/** What to back up, and where to. */
export interface PostgresBackup<T> {
  /** The URL of a superuser. */
  readonly adminUrl: string;
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
  const { adminUrl, to, atInstant } = options;
  // The session must stay open: the backup and the slot that keeps the log end with it.
  const session = await connect(adminUrl);
  try {
    const query = async (sql: string): Promise<Record<string, string>> =>
      (await session.query<Record<string, string>>(sql)).rows[0] ?? {};
    const version = await checkServer(session);
    // Backups in two containers may have the same process id.
    const slot = `fanfare_backup_${randomUUID().replaceAll("-", "")}`;
    await query(`select pg_create_physical_replication_slot('${slot}', true, true)`);
    const { first = "" } = await query(
      "select pg_walfile_name(pg_backup_start('fanfare backup', true)) as first",
    );
    await copyCluster(session, to);
    const { end, instant, read } = await withFence(adminUrl, async () => ({
      end: await query(
        "select pg_walfile_name(lsn) as last, labelfile as label from pg_backup_stop(false)",
      ),
      instant: new Date(),
      read: await atInstant(),
    }));
    const { last = "", label = "" } = end;
    await copyLog(session, to, { first, last });
    await writeFile(join(to, "backup_label"), label, { mode: 0o600 });
    return { version, instant, read };
  } finally {
    await session.end();
  }
}

/** Returns the version of a server. Rejects when its files cannot be copied through a session. */
async function checkServer(session: Client): Promise<string> {
  const { rows } = await session.query<
    Record<"version" | "number" | "superuser" | "spaces", string>
  >(
    `select current_setting('server_version') as version, current_setting('server_version_num') as number,
       current_setting('is_superuser') as superuser,
       (select count(*) from pg_tablespace where spcname not in ('pg_default', 'pg_global')) as spaces`,
  );
  const { version = "", number, superuser, spaces } = rows[0] ?? {};
  const instead = "back up this server with its own tools";
  if (Number(number) < 150_000) {
    throw new CliError(`expected PostgreSQL 15 or newer, found ${version}: ${instead}`);
  }
  if (superuser !== "on") {
    throw new CliError(`expected a superuser of PostgreSQL, found another user: ${instead}`);
  }
  if (Number(spaces) > 0) {
    throw new CliError(
      `expected no further tablespaces of PostgreSQL, found ${spaces}: ${instead}`,
    );
  }
  return version;
}

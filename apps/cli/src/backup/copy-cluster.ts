import { appendFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Client } from "pg";

/** Files of a running server that a copy must not have. */
const leftOut = ["postmaster.pid", "postmaster.opts", "backup_label", "tablespace_map"];
/** Folders that a server fills at its start: a copy has them empty. */
const emptied = [
  "pg_dynshmem",
  "pg_notify",
  "pg_replslot",
  "pg_serial",
  "pg_snapshots",
  "pg_stat_tmp",
  "pg_subtrans",
  "pg_wal",
];
/** What one query reads: single files in parts, or small files together. */
const bytesPerRead = 4 * 2 ** 20;
const filesPerRead = 256;

/**
 * Copies the files of the server of a superuser's session, which reads them: the server may be on another
 * machine. Leaves out what vanishes meanwhile: the log repeats its end.
 */
export async function copyCluster(session: Client, to: string): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  const entries = await listEntries(session);
  for (const { path, isFolder } of entries) {
    if (isFolder) await mkdir(join(to, path), { mode: 0o700 });
  }
  for (const paths of groupFiles(entries)) await copyServerFiles(session, paths, to);
  await mkdir(join(to, "pg_wal", "archive_status"), { mode: 0o700 });
}

/** Copies the parts of the write-ahead log between two of its files, which are included. */
export async function copyLog(
  session: Client,
  to: string,
  { first, last }: { readonly first: string; readonly last: string },
): Promise<void> {
  const { rows } = await session.query<{ name: string }>(
    "select name from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$' and name between $1 and $2",
    [first, last],
  );
  for (const { name } of rows) await copyServerFiles(session, [`pg_wal/${name}`], to);
}

interface Entry {
  readonly path: string;
  readonly isFolder: boolean;
  readonly bytes: number;
}

/** Lists folders before what is in them. */
async function listEntries(session: Client): Promise<Entry[]> {
  const { rows } = await session.query<Entry>(
    `with recursive entry as (
       select name as path, stat.isdir, stat.size
       from pg_ls_dir('.') as name, pg_stat_file(name, true) as stat where name <> all ($2)
       union all
       select folder.path || '/' || name, stat.isdir, stat.size
       from entry as folder, pg_ls_dir(folder.path, true, false) as name,
         pg_stat_file(folder.path || '/' || name, true) as stat
       where folder.isdir and folder.path <> all ($1) and name !~ '^pgsql_tmp'
     )
     select path, isdir as "isFolder", size::float as bytes
     from entry where isdir is not null order by path collate "C"`,
    [emptied, leftOut],
  );
  return rows;
}

/** Groups files that one query reads. */
function* groupFiles(entries: readonly Entry[]): Generator<string[]> {
  let group: string[] = [];
  let total = 0;
  for (const { path, isFolder, bytes } of entries) {
    if (isFolder) continue;
    if (group.length === filesPerRead || (group.length > 0 && total + bytes > bytesPerRead)) {
      yield group;
      group = [];
      total = 0;
    }
    group.push(path);
    total += bytes;
  }
  if (group.length > 0) yield group;
}

async function copyServerFiles(
  session: Client,
  paths: readonly string[],
  to: string,
): Promise<void> {
  let missing = paths;
  for (let offset = 0; missing.length > 0; offset += bytesPerRead) {
    const { rows } = await session.query<{ path: string; data: Buffer | null }>(
      "select path, pg_read_binary_file(path, $2, $3, true) as data from unnest($1::text[]) as path",
      [missing, offset, bytesPerRead],
    );
    await Promise.all(
      rows.map(async ({ path, data }) => {
        if (data) await appendFile(join(to, path), data, { mode: 0o600 });
      }),
    );
    missing = rows.filter(({ data }) => data?.length === bytesPerRead).map(({ path }) => path);
  }
}

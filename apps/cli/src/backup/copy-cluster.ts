import { copyFile, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";

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

/** Copies the files of a server that runs. Leaves out what vanishes meanwhile: the log repeats its end. */
export async function copyCluster(from: string, to: string): Promise<void> {
  await copyFolder(from, to, (name) => !leftOut.includes(name), emptied);
  await mkdir(join(to, "pg_wal", "archive_status"), { mode: 0o700 });
}

/** Copies the parts of the write-ahead log between two of its files, which are included. */
export async function copyLog(
  from: string,
  to: string,
  { first, last }: { readonly first: string; readonly last: string },
): Promise<void> {
  const names = (await readdir(join(from, "pg_wal"))).filter(
    (name) => /^[0-9A-F]{24}$/.test(name) && name >= first && name <= last,
  );
  for (const name of names) await copyFile(join(from, "pg_wal", name), join(to, "pg_wal", name));
}

async function copyFolder(
  from: string,
  to: string,
  isWanted: (name: string) => boolean,
  empty: readonly string[] = [],
): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  for (const entry of await ignoreMissing(readdir(from, { withFileTypes: true }), [])) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      if (empty.includes(entry.name)) await mkdir(target, { mode: 0o700 });
      else await copyFolder(source, target, (name) => !name.startsWith("pgsql_tmp"));
    } else if (entry.isFile() && isWanted(entry.name)) {
      await ignoreMissing(copyFile(source, target), undefined);
    }
  }
}

async function ignoreMissing<T>(work: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return otherwise;
    throw error;
  }
}

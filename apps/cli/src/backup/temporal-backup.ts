import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";

/** The pages to copy in one step, beside which no write gets in between: 4 GB. */
const pagesPerStep = 1_000_000;

/**
 * Copies the database of a running development server of Temporal as it is at one instant. Only this user may
 * read the copy.
 */
export async function backUpTemporal(database: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  // SQLite would create a file that every user may read.
  await writeFile(to, "", { mode: 0o600, flag: "wx" });
  using source = new DatabaseSync(database, { readOnly: true, timeout: 10_000 });
  await backup(source, to, { rate: pagesPerStep });
}

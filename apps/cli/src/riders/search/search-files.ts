import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { findIn, getOverlap, type Hit, type Pattern, type Wanted } from "./matcher.ts";
import type { Searched } from "./search-databases.ts";

/** Searches the files of a folder and of the folders in it. Rejects when it cannot read one. */
export async function searchFolder(
  folder: string,
  patterns: readonly Pattern[],
): Promise<Searched> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const hits: Hit[] = [];
  for (const { parentPath, name } of files) {
    const path = join(parentPath, name);
    for (const wanted of await searchFile(path, patterns)) {
      hits.push({ place: `log ${relative(folder, path)}`, wanted });
    }
  }
  return { count: files.length, hits };
}

/** Searches a database of Temporal's development server: its file and those beside it with the latest writes. */
export async function searchTemporal(
  database: string,
  patterns: readonly Pattern[],
): Promise<Searched> {
  const folder = dirname(database);
  const isPart = (name: string) => [basename(database), `${basename(database)}-wal`].includes(name);
  const names = (await readdir(folder)).filter(isPart);
  if (names.length === 0) throw new Error(`there is no file ${database}`);
  const found = new Set<Wanted>();
  for (const name of names) {
    for (const wanted of await searchFile(join(folder, name), patterns)) found.add(wanted);
  }
  return { count: 1, hits: [...found].map((wanted) => ({ place: "Temporal", wanted })) };
}

async function searchFile(path: string, patterns: readonly Pattern[]): Promise<Set<Wanted>> {
  const overlap = getOverlap(patterns);
  const found = new Set<Wanted>();
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) {
    const content = Buffer.concat([rest, chunk]);
    for (const wanted of findIn(content, patterns)) found.add(wanted);
    rest = content.subarray(Math.max(0, content.length - overlap));
  }
  return found;
}

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Returns a hash of the names and contents of files. A missing file is part of the hash too. */
export function hashFiles(root, files) {
  const hash = createHash("sha256");
  for (const file of files) {
    const contents = read(join(root, file));
    hash.update(`${file}\0${contents === undefined ? "missing" : contents.length}\0`);
    if (contents !== undefined) hash.update(contents);
  }
  return hash.digest("hex");
}

/** Returns the files below folders as sorted paths from the root. */
export function listFiles(root, folders) {
  return folders
    .flatMap((folder) => {
      const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile());
      return files.map((file) =>
        join(file.parentPath ?? file.path, file.name).slice(root.length + 1),
      );
    })
    .toSorted((a, b) => (a < b ? -1 : 1));
}

/** Returns whether a stamp file contains this text. */
export function matchesStamp(file, text) {
  return read(file)?.toString("utf8") === text;
}

/** Writes a stamp file atomically. */
export function writeStamp(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.${process.pid}`, text);
  renameSync(`${file}.${process.pid}`, file);
}

function read(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

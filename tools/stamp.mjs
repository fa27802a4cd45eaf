import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** hashOf is a hash of the names and the contents of files; one that is missing counts as that. */
export function hashOf(root, files) {
  const hash = createHash("sha256");
  for (const file of files) {
    const contents = read(join(root, file));
    hash.update(`${file}\0${contents === undefined ? "missing" : contents.length}\0`);
    if (contents !== undefined) hash.update(contents);
  }
  return hash.digest("hex");
}

/** filesBelow lists the files in folders and below, as paths from the root, in order. */
export function filesBelow(root, folders) {
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

/** isStamped tells whether a stamp file says this. */
export function isStamped(file, text) {
  return read(file)?.toString("utf8") === text;
}

/** writeStamp makes a stamp file say this, all of it or nothing. */
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

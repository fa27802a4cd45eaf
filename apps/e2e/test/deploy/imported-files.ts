import { readFile, realpath } from "node:fs/promises";
import { createRequire, isBuiltin } from "node:module";
import { relative } from "node:path";
import { root } from "./repository.ts";

/** The files and packages that programs consist of. */
export interface Imported {
  /** Files of the repository, as paths from the root. */
  readonly files: ReadonlySet<string>;
  /** The names of external packages. */
  readonly packages: ReadonlySet<string>;
}

/** Returns the files of programs, including all that they import, and the external packages. */
export async function readImports(programs: readonly string[]): Promise<Imported> {
  const found = new Set<string>();
  const packages = new Set<string>();
  const ahead = programs.map((path) => `${root}${path}`);
  for (let file = ahead.pop(); file !== undefined; file = ahead.pop()) {
    const path = relative(root, file);
    if (found.has(path) || path.includes("node_modules")) continue;
    found.add(path);
    const resolve = createRequire(file).resolve;
    const text = await readFile(file, "utf8");
    for (const [line, fixed, awaited] of text.matchAll(statement)) {
      const name = fixed ?? awaited ?? "";
      if (line.startsWith("import type") || line.startsWith("export type")) continue;
      if (/^(\.|@fanfare\/)/.test(name)) ahead.push(await realpath(resolve(name)));
      else if (!isBuiltin(name)) packages.add(readPackageName(name));
    }
  }
  return { files: found, packages };
}

/** A static import or export, or a dynamic import. */
const statement = /^(?:import|export) (?:[^;"=()]* from )?"([^"]+)";|\bimport\("([^"]+)"\)/gm;

/** Returns @scope/name for @scope/name/path. */
function readPackageName(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

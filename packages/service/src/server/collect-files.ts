import type { DescFile } from "@bufbuild/protobuf";

/** Returns proto files and all their imports, by name, such as `trips/v1/trips.proto`. */
export function collectFiles(roots: Iterable<DescFile>): ReadonlyMap<string, DescFile> {
  const files = new Map<string, DescFile>();
  function add(file: DescFile): void {
    const { name } = file.proto;
    if (files.has(name)) return;
    files.set(name, file);
    for (const dependency of file.dependencies) add(dependency);
  }
  for (const file of roots) add(file);
  return files;
}

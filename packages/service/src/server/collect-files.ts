import type { DescFile, DescService } from "@bufbuild/protobuf";

/** Returns the proto files of services and all their imports, by name, such as `trips/v1/trips.proto`. */
export function collectFiles(services: Iterable<DescService>): ReadonlyMap<string, DescFile> {
  const files = new Map<string, DescFile>();
  function add(file: DescFile): void {
    const name = file.proto.name;
    if (files.has(name)) return;
    files.set(name, file);
    for (const dependency of file.dependencies) add(dependency);
  }
  for (const service of services) add(service.file);
  return files;
}

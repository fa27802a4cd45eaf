import type { DescFile } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";

type NestedType = ReturnType<typeof nestedTypes> extends Iterable<infer T> ? T : never;

/** Finds the proto file that declares something. */
export interface DescriptorIndex {
  findByName(fileName: string): DescFile | undefined;
  /** Finds a type, field, enum value, service or method by its full name. */
  findBySymbol(symbol: string): DescFile | undefined;
  findByExtension(typeName: string, number: number): DescFile | undefined;
  /** Returns the extensions of a message, or undefined when there is no such message. */
  listExtensions(typeName: string): readonly number[] | undefined;
}

/** Indexes proto files. */
export function indexDescriptors(files: ReadonlyMap<string, DescFile>): DescriptorIndex {
  const bySymbol = new Map<string, DescFile>();
  const extensions = new Map<string, Map<number, DescFile>>();
  for (const file of files.values()) {
    for (const type of nestedTypes(file)) {
      for (const symbol of listSymbols(type)) bySymbol.set(symbol, file);
      if (type.kind !== "extension") continue;
      const { typeName } = type.extendee;
      const ofMessage = extensions.get(typeName) ?? new Map<number, DescFile>();
      extensions.set(typeName, ofMessage.set(type.number, file));
    }
  }
  return {
    findByName: (name) => files.get(name),
    findBySymbol: (symbol) => bySymbol.get(symbol),
    findByExtension: (typeName, number) => extensions.get(typeName)?.get(number),
    listExtensions(typeName) {
      const numbers = extensions.get(typeName)?.keys();
      if (numbers === undefined) return bySymbol.has(typeName) ? [] : undefined;
      return [...numbers];
    },
  };
}

function listSymbols(type: NestedType): string[] {
  const { typeName } = type;
  // The values of an enum are siblings of the enum.
  const scope = type.kind === "enum" ? typeName.replace(/[^.]+$/, "") : `${typeName}.`;
  return [typeName, ...listMembers(type).map(({ name }) => `${scope}${name}`)];
}

function listMembers(type: NestedType): readonly { readonly name: string }[] {
  if (type.kind === "message") return [...type.fields, ...type.oneofs];
  if (type.kind === "service") return type.methods;
  return type.kind === "enum" ? type.values : [];
}

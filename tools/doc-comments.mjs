const declaration =
  /^export (?:declare )?(?:abstract )?(?:async )?(function\*?|const|let|class|interface|type|enum) ([\w$]+)/;

/**
 * Returns the symbols that a TypeScript module declares and exports: name, kind, line (from 1) and
 * the text of the doc comment, undefined without one. Overloads count once.
 */
export function parseExports(text) {
  const lines = text.split("\n");
  const found = new Map();
  for (const [index, line] of lines.entries()) {
    const [, kind, name] = declaration.exec(line) ?? [];
    if (name === undefined || found.has(name)) continue;
    const doc = readComment(lines, index - 1);
    found.set(name, { name, kind: kind.replace("*", ""), line: index + 1, doc });
  }
  return [...found.values()];
}

/** Returns the names that a module re-exports, and from which relative path. Types included. */
export function parseReexports(text) {
  const pattern = /^export (?:type )?\{([^}]*)\} from "(\.[^"]+)";/gm;
  return Array.from(text.matchAll(pattern), ([, list, from]) => ({
    from,
    names: list
      .split(",")
      .map((part) =>
        part
          .trim()
          .replace(/^type /, "")
          .replace(/ as .*$/, ""),
      )
      .filter((name) => name !== ""),
  }));
}

/** Returns the code of each @example in the doc comment of a symbol. */
export function parseExamples(text, name) {
  const doc = parseExports(text).find((each) => each.name === name)?.doc ?? "";
  return doc
    .split(/^@example[^\n]*$/m)
    .slice(1)
    .map((part) =>
      part
        .split(/^@\w+/m)[0]
        .replace(/^```\w*$/gm, "")
        .trim(),
    );
}

/** Reads the doc comment that ends on a line, without its frame. */
function readComment(lines, last) {
  const ends = lines[last]?.trimEnd().endsWith("*/");
  if (!ends) return undefined;
  let first = last;
  while (first >= 0 && !lines[first].trimStart().startsWith("/**")) first--;
  if (first < 0) return undefined;
  return lines
    .slice(first, last + 1)
    .map((line) =>
      line
        .replace(/^\s*\/\*\*\s?/, "")
        .replace(/\s*\*\/\s*$/, "")
        .replace(/^\s*\* ?/, ""),
    )
    .join("\n")
    .trim();
}

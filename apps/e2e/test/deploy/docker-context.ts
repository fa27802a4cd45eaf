import { matchesGlob } from "node:path";
import { readRepository } from "./repository.ts";

/** Reads .dockerignore, and returns a function that returns whether a file is sent to the engine. */
export async function readDockerContext(): Promise<(path: string) => boolean> {
  const rules = (await readRepository(".dockerignore"))
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => ({ sent: line.startsWith("!"), glob: line.replace(/^!/, "") }));
  // The last rule that matches the path or a folder above it applies.
  return (path) => {
    const parts = path.split("/");
    const paths = parts.map((_, i) => parts.slice(0, i + 1).join("/"));
    const rule = rules.findLast(({ glob }) => paths.some((one) => matches(one, glob)));
    return rule?.sent ?? true;
  };
}

// Unlike a shell's, this star matches hidden files too.
function matches(path: string, glob: string): boolean {
  return glob === "*" ? !path.includes("/") : matchesGlob(path, glob);
}

// Draws who imports whom, as Mermaid: node tools/draw-imports.mjs [package] [--root <checkout>]
// Without a package: the workspace packages. With one, such as packages/bus: its folders and files.
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { root, folder } = readArguments();
if (folder !== undefined && !existsSync(join(root, folder, "src"))) {
  fail(`expected a package with a src folder, got ${folder}: name one such as packages/bus`);
}
const graph = folder === undefined ? readWorkspace() : readPackage(folder);

console.log("flowchart TD");
for (const [from, targets] of graph) {
  for (const to of [...targets].toSorted(compareNames)) console.log(`  ${from} --> ${to}`);
}
const circles = findCircles(graph);
console.log(
  circles.length === 0
    ? "%% no import circles"
    : `%% ${circles.length} import circle(s): ${circles.map((each) => each.join(", ")).join("; ")}`,
);

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { root: { type: "string" } },
    });
    return {
      root: values.root ?? dirname(dirname(fileURLToPath(import.meta.url))),
      folder: positionals[0],
    };
  } catch (error) {
    return fail(`${error.message}\nusage: npm run draw:imports -- [package] [--root <checkout>]`);
  }
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

/** Reads the runtime dependencies between workspace packages. */
function readWorkspace() {
  const manifests = globSync("{packages,apps}/*/package.json", { cwd: root })
    .toSorted()
    .map((path) => JSON.parse(readFileSync(join(root, path), "utf8")));
  const names = new Set(manifests.map(({ name }) => name));
  return new Map(
    manifests.map(({ name, dependencies, peerDependencies }) => [
      shortenName(name),
      new Set(
        Object.keys({ ...dependencies, ...peerDependencies })
          .filter((each) => names.has(each))
          .map(shortenName),
      ),
    ]),
  );
}

/** Reads the imports between the files of a package, tests and generated code left out. */
function readPackage(path) {
  const source = join(root, path, "src");
  const files = globSync("**/*.ts", { cwd: source })
    .filter((file) => !file.endsWith(".test.ts") && !file.startsWith("gen/"))
    .toSorted();
  const pattern = /^(?:import|export)\b[^"]*?from "(\.[^"]+)";/gm;
  return new Map(
    files.map((file) => {
      const text = readFileSync(join(source, file), "utf8");
      const targets = Array.from(text.matchAll(pattern), ([, to]) =>
        normalize(join(dirname(file), to)),
      );
      return [toNode(file), new Set(targets.filter((to) => files.includes(to)).map(toNode))];
    }),
  );
}

/** Returns the strongly connected components of more than one node (Tarjan). */
function findCircles(edges) {
  const state = new Map();
  const stack = [];
  const found = [];
  let next = 0;

  function visit(node) {
    const own = { index: next, low: next, open: true };
    next++;
    state.set(node, own);
    stack.push(node);
    for (const target of edges.get(node) ?? []) {
      const other = state.get(target) ?? visit(target);
      if (other.open) own.low = Math.min(own.low, other.low);
    }
    if (own.low === own.index) {
      const members = stack.splice(stack.indexOf(node));
      for (const member of members) state.get(member).open = false;
      if (members.length > 1) found.push(members.toSorted(compareNames));
    }
    return own;
  }

  for (const node of edges.keys()) if (!state.has(node)) visit(node);
  return found;
}

function shortenName(name) {
  return name.replace("@fanfare/", "");
}

function toNode(file) {
  return file.replace(/\.ts$/, "");
}

function compareNames(a, b) {
  return a.localeCompare(b);
}

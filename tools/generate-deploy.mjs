// Writes what docker-compose.yml and deploy/kubernetes have for each reactor of the list in
// packages/topology. With --check it writes nothing and fails when a file differs.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { appNames, connections, groups, mapReactors, reactorNames } from "@fanfare/topology";
import { composeRegions, kubernetesFiles } from "./reactor-manifests.mjs";

const root = new URL("..", import.meta.url).pathname;
const composeFile = "docker-compose.yml";
const serial = mapReactors((reactor) => reactor.serial);
/** The apps that each reactor calls. */
const calls = mapReactors(({ name }) =>
  connections[name].filter((peer) => appNames.includes(peer)),
);
const kubernetesFolder = "deploy/kubernetes/reactors";

/** Replaces the lines between the markers of each region. */
function replaceRegions(text, regions) {
  return Object.entries(regions).reduce((all, [name, lines]) => {
    const pattern = new RegExp(`^( *)# <${name}>.*\\n(?:.*\\n)*? *# </${name}>$`, "m");
    if (!pattern.test(all)) {
      throw new Error(`${composeFile} has no lines "# <${name}>" and "# </${name}>": add them`);
    }
    return all.replace(pattern, (_, indent) =>
      [`# <${name}> written by \`npm run generate\``, ...lines, `# </${name}>`]
        .map((line) => (line === "" ? "" : indent + line))
        .join("\n"),
    );
  }, text);
}

function generate() {
  const compose = readFileSync(join(root, composeFile), "utf8");
  const files = new Map([
    [composeFile, replaceRegions(compose, composeRegions(reactorNames, calls))],
  ]);
  for (const [name, text] of Object.entries(kubernetesFiles(groups, { serial, calls }))) {
    files.set(join(kubernetesFolder, name), text);
  }
  return files;
}

function listKubernetesFiles() {
  try {
    return readdirSync(join(root, kubernetesFolder)).map((name) => join(kubernetesFolder, name));
  } catch {
    return [];
  }
}

function readCommitted(path) {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch {
    return undefined;
  }
}

const generated = generate();
const paths = new Set([...generated.keys(), ...listKubernetesFiles()]);
const stale = [...paths].filter((path) => readCommitted(path) !== generated.get(path));

if (process.argv.includes("--check")) {
  if (stale.length > 0) {
    console.error(`these files differ from the list of reactors: ${stale.join(", ")}`);
    console.error("Run `npm run generate` and commit the result.");
    process.exit(1);
  }
} else {
  mkdirSync(join(root, kubernetesFolder), { recursive: true });
  for (const path of stale) {
    const text = generated.get(path);
    if (text === undefined) rmSync(join(root, path));
    else writeFileSync(join(root, path), text);
  }
}

// Checks that every dependency of a package is allowed by the rules below. pnpm, knip and
// `turbo boundaries` ensure that a package imports only its declared dependencies.
import { globSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

const sql = ["kysely", "pg", "pg-connection-string"];
const connect = ["@bufbuild/protobuf", "@connectrpc/connect"];
const service = [
  "@fanfare/access",
  "@fanfare/contracts",
  "@fanfare/service",
  ...connect,
  "kysely",
  "zod",
];
// Fleet and riders publish events; an app that depends on @fanfare/reactor is a reactor.
const publisher = [...service, "@bufbuild/protovalidate", "@fanfare/bus", "@fanfare/outbox"];
const reactor = [...service, "@fanfare/bus", "@fanfare/outbox", "@fanfare/reactor"];

const packages = {
  "packages/contracts": ["@bufbuild/protobuf", "@bufbuild/protovalidate", "@fanfare/bus"],
  "packages/bus": ["@bufbuild/protobuf"],
  "packages/bus-nats": ["@fanfare/bus", "@nats-io/"],
  "packages/database-errors": [],
  "packages/outbox": ["@bufbuild/protobuf", "@fanfare/bus", "@fanfare/database-errors", "kysely"],
  "packages/saga": ["@temporalio/workflow", "@temporalio/common"],
  "packages/access": [...connect, "@fanfare/contracts", "@fanfare/service"],
  "packages/trip-contract": ["@fanfare/saga", "@fanfare/service", "@temporalio/", "zod"],
  "packages/reactor": [
    "@bufbuild/protovalidate",
    "@fanfare/bus",
    "@fanfare/bus-nats",
    "@fanfare/outbox",
    "@fanfare/service",
    "kysely",
  ],
  "packages/secrets": ["@fanfare/topology", "@peculiar/x509", "jose", "pg", "reflect-metadata"],
  "packages/nats-users": [
    "@fanfare/bus",
    "@fanfare/bus-nats",
    "@fanfare/secrets",
    "@fanfare/topology",
  ],
  "packages/topology": [...connect, "@fanfare/bus", "@fanfare/contracts"],
  "packages/service": [
    ...connect,
    ...sql,
    "@bufbuild/protovalidate",
    "@connectrpc/",
    "@fanfare/database-errors",
    "jose",
    "pino",
    "pino-pretty",
    "prom-client",
    "zod",
  ],
  "apps/trips": [...service, "@fanfare/saga", "@fanfare/trip-contract", "@temporalio/"],
  "apps/fleet": [...publisher, "@fanfare/bus-nats", "@fanfare/trip-contract"],
  "apps/billing": [...service, "@fanfare/trip-contract"],
  "apps/riders": [...publisher, "@fanfare/bus-nats"],
  "apps/worker": [
    ...connect,
    "@bufbuild/protovalidate",
    "@fanfare/contracts",
    "@fanfare/service",
    "@fanfare/saga",
    "@fanfare/trip-contract",
    "@fanfare/bus",
    "@fanfare/bus-nats",
    "@temporalio/",
    "zod",
  ],
};

// Nothing may import these; they may import anything.
const outermost = ["apps/cli", "apps/e2e", "bench"];
// For tests and the outermost packages. These may import anything but apps.
const forDevelopment = ["packages/dev-stack", "packages/test-fixtures", "tools"];

const root = new URL("..", import.meta.url);
const manifests = new Map(
  globSync(["{packages,apps}/*/package.json", "{bench,tools}/package.json"], { cwd: root }).map(
    (file) => [dirname(file), JSON.parse(readFileSync(new URL(file, root), "utf8"))],
  ),
);

/** Returns what a package may import; `undefined` for a package that no rule covers. */
function findRule(folder, manifest) {
  if (packages[folder] !== undefined) return packages[folder];
  return "@fanfare/reactor" in (manifest.dependencies ?? {}) ? reactor : undefined;
}

const problems = [];
for (const [folder, manifest] of manifests) {
  if (outermost.includes(folder)) continue;
  const runtime = { ...manifest.dependencies, ...manifest.peerDependencies };
  const all = { ...runtime, ...manifest.devDependencies };
  for (const other of outermost) {
    const { name } = manifests.get(other);
    if (name in all) problems.push(`${folder} may not import ${name}, not even in tests`);
  }
  if (forDevelopment.includes(folder)) continue;
  const allowed = findRule(folder, manifest);
  if (allowed === undefined) {
    problems.push(`${folder} has no rule: add one to tools/check-imports.mjs`);
    continue;
  }
  for (const name of Object.keys(runtime)) {
    const optional = manifest.peerDependenciesMeta?.[name]?.optional === true;
    const isAllowed = allowed.some(
      (rule) => name === rule || (rule.endsWith("/") && name.startsWith(rule)),
    );
    if (!optional && !isAllowed) problems.push(`${folder} may not import ${name}`);
  }
}

if (problems.length > 0) {
  console.error(`${problems.join("\n")}\nThe rules are in tools/check-imports.mjs.`);
  process.exit(1);
}

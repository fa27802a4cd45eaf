// Checks that every dependency of a package is allowed by the table below. pnpm, knip and
// `turbo boundaries` ensure that a package imports only its declared dependencies.
import { readFileSync } from "node:fs";

const sql = ["kysely", "pg"];
const connect = ["@bufbuild/protobuf", "@connectrpc/connect"];
const service = [
  "@fanfare/access",
  "@fanfare/contracts",
  "@fanfare/service",
  ...connect,
  "kysely",
  "zod",
];
// Fleet publishes events through the same packages with which the reactors consume them.
const reactor = [
  ...service,
  "@bufbuild/protovalidate",
  "@fanfare/bus",
  "@fanfare/bus-nats",
  "@fanfare/outbox",
];

const packages = {
  "packages/contracts": ["@bufbuild/protobuf", "@bufbuild/protovalidate", "@fanfare/bus"],
  "packages/bus": ["@bufbuild/protobuf"],
  "packages/bus-nats": ["@fanfare/bus", "@nats-io/"],
  "packages/database-errors": [],
  "packages/outbox": ["@bufbuild/protobuf", "@fanfare/bus", "@fanfare/database-errors", "kysely"],
  "packages/saga": ["@temporalio/workflow", "@temporalio/common"],
  "packages/access": [...connect, "@fanfare/contracts", "@fanfare/service"],
  "packages/trip-contract": ["@fanfare/saga"],
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
  "apps/trips": [...service, "@fanfare/trip-contract", "@temporalio/client", "@temporalio/common"],
  "apps/fleet": reactor,
  "apps/billing": service,
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
  "apps/revenue": reactor,
  "apps/audit": reactor,
  "apps/notifications": reactor,
};

// Nothing may import these; they may import anything.
const outermost = ["@fanfare/cli", "@fanfare/e2e", "@fanfare/bench"];

const problems = [];
for (const [folder, allowed] of Object.entries(packages)) {
  const manifest = JSON.parse(readFileSync(new URL(`../${folder}/package.json`, import.meta.url)));
  const runtime = { ...manifest.dependencies, ...manifest.peerDependencies };
  for (const name of Object.keys(runtime)) {
    const optional = manifest.peerDependenciesMeta?.[name]?.optional === true;
    const isAllowed = allowed.some(
      (rule) => name === rule || (rule.endsWith("/") && name.startsWith(rule)),
    );
    if (!optional && !isAllowed) problems.push(`${folder} may not import ${name}`);
  }
  for (const name of Object.keys({ ...runtime, ...manifest.devDependencies })) {
    if (outermost.includes(name))
      problems.push(`${folder} may not import ${name}, not even in tests`);
  }
}

if (problems.length > 0) {
  console.error(`${problems.join("\n")}\nThe rules are the table in tools/check-imports.mjs.`);
  process.exit(1);
}

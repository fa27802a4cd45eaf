// Who may import whom: every dependency that a room names must stand in this table. That a room
// imports only what it names is pnpm's doing (nothing else resolves), knip's and `turbo boundaries`'.
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
// What fleet announces goes out as what the reactors hear comes in.
const reactor = [
  ...service,
  "@bufbuild/protovalidate",
  "@fanfare/bus",
  "@fanfare/bus-nats",
  "@fanfare/outbox",
];

const rooms = {
  "packages/contracts": ["@bufbuild/protobuf", "@bufbuild/protovalidate", "@fanfare/bus"],
  "packages/bus": ["@bufbuild/protobuf"],
  "packages/bus-nats": ["@fanfare/bus", "@nats-io/"],
  "packages/outbox": ["@bufbuild/protobuf", "@fanfare/bus", "kysely"],
  "packages/saga": ["@temporalio/workflow", "@temporalio/common"],
  "packages/access": [...connect, "@fanfare/contracts", "@fanfare/service"],
  "packages/trip-contract": ["@fanfare/saga"],
  "packages/topology": [...connect, "@fanfare/bus", "@fanfare/contracts"],
  "packages/service": [
    ...connect,
    ...sql,
    "@bufbuild/protovalidate",
    "@connectrpc/",
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

// Nobody imports these, and they may import anything.
const outermost = ["@fanfare/cli", "@fanfare/e2e", "@fanfare/bench"];

const problems = [];
for (const [room, allowed] of Object.entries(rooms)) {
  const manifest = JSON.parse(readFileSync(new URL(`../${room}/package.json`, import.meta.url)));
  const runtime = { ...manifest.dependencies, ...manifest.peerDependencies };
  for (const name of Object.keys(runtime)) {
    const optional = manifest.peerDependenciesMeta?.[name]?.optional === true;
    const stands = allowed.some(
      (rule) => name === rule || (rule.endsWith("/") && name.startsWith(rule)),
    );
    if (!optional && !stands) problems.push(`${room} may not import ${name}`);
  }
  for (const name of Object.keys({ ...runtime, ...manifest.devDependencies })) {
    if (outermost.includes(name))
      problems.push(`${room} may not import ${name}, not even in tests`);
  }
}

if (problems.length > 0) {
  console.error(
    `${problems.join("\n")}\nThe rule is the table "Who may import whom" in AGENTS.md.`,
  );
  process.exit(1);
}

import { cp, readFile } from "node:fs/promises";
import {
  installPacked,
  type PackedProject,
  type Postgres,
  parseCodeBlocks,
  startPostgres,
} from "@fanfare/dev-stack";
import { afterAll, beforeAll, expect, it } from "vitest";

const compilerOptions = {
  target: "es2022",
  lib: ["es2024", "esnext.disposable"],
  module: "nodenext",
  types: ["node"],
  strict: true,
  rewriteRelativeImportExtensions: true,
  outDir: "dist",
};

/** An inbox whose handler, and a relay whose bus, come from a second copy of the bus. */
const twoCopies = `
  import { setTimeout } from "node:timers/promises";
  import { createMemoryBus, createPublisher } from "@fanfare/bus";
  import { NoteEvents } from "@fanfare/bus/proto/fanfare/testing/v1/note_events_pb.js";
  import * as outbox from "@fanfare/outbox";
  import { Kysely, PostgresDialect } from "kysely";
  import { Pool } from "pg";
  import * as other from "./other/bus.js";

  const pool = new Pool({ connectionString: process.env.DATABASE_URL });
  const db = new Kysely({ dialect: new PostgresDialect({ pool }) });
  for (const name of ["inboxMigration", "outboxMigration", "outboxKeysMigration"]) {
    await outbox[name].up(db);
  }

  const bus = createMemoryBus();
  const errors = [
    new other.DependencyUnavailableError("away"),
    new other.PermanentError("never"),
  ];
  // In the time of the bus, which passes faster than the database works.
  const handlerTimeoutMs = 3_600_000;
  const options = { handlerTimeoutMs, onFailure: ({ verdict }) => console.log(verdict) };
  const handle = outbox.inbox(db, async () => {
    throw errors.shift();
  });
  await bus.subscribe("readers", (on) => on.service(NoteEvents, { noteWritten: handle }), options);
  await createPublisher(NoteEvents, bus).noteWritten({ author: "Ada" });
  while (bus.health().subscriptions[0].deadLettered === 0) {
    await bus.advance(100);
    await setTimeout(5);
  }

  const store = other.createMemoryStore({ maxRecordBytes: 10_000 });
  const strictBus = other.createMemoryBus({ store });
  await db.transaction().execute((tx) =>
    outbox.outbox(tx, NoteEvents).noteWritten({ author: "Ada", body: new Uint8Array(20_000) }),
  );
  const rejected = Promise.withResolvers();
  const relay = outbox.startRelay(db, strictBus, {
    services: [NoteEvents],
    onRejected: ({ error }) => rejected.resolve(error.code),
  });
  console.log(await rejected.promise);
  await relay.stop();
  await db.destroy();
`;

let project: PackedProject;
let server: Postgres;
beforeAll(async () => {
  const also = ["@bufbuild/protobuf", "kysely", "pg", "@types/pg", "@types/node"];
  project = await installPacked({ packages: ["bus", "database-errors", "outbox"], also });
  server = await startPostgres();
  const readme = await readFile(`${project.folder}/node_modules/@fanfare/outbox/README.md`, "utf8");
  for (const { file, code } of parseCodeBlocks(readme)) {
    if (file !== undefined) await project.write(file, code);
  }
  await project.write("tsconfig.json", JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  await project.run("tsc", []);
}, 300_000);
afterAll(async () => {
  await server?.stop();
  await project?.[Symbol.asyncDispose]();
});

it.each([
  ["inbox.ts", "[ { author: 'Ada' } ]\n"],
  ["dist/inbox.js", "[ { author: 'Ada' } ]\n"],
  ["outbox.ts", "Ada 0\n"],
  ["dist/outbox.js", "Ada 0\n"],
])(
  "packed and installed outside the checkout, %s prints the output in the README",
  async (file, printed) => {
    const name = file.replaceAll(/\W/g, "_");
    const env = { DATABASE_URL: await server.createDatabase(name) };
    // The Node.js of the tests, because Kysely may not support that of the machine.
    expect(await project.run(process.execPath, [file], env)).toBe(printed);
  },
  180_000,
);

it("packed, recognizes the errors of a second copy of the bus", async () => {
  const copy = `${project.folder}/other/node_modules/@fanfare/bus`;
  await cp(`${project.folder}/node_modules/@fanfare/bus`, copy, { recursive: true });
  await project.write("other/bus.js", 'export * from "@fanfare/bus";');
  await project.write("two-copies.js", twoCopies);
  const env = { DATABASE_URL: await server.createDatabase("two_copies") };
  const printed = await project.run(process.execPath, ["two-copies.js"], env);
  expect(printed.trim().split("\n")).toEqual(["pause", "dead-letter", "too_large"]);
}, 180_000);

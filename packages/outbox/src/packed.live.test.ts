import { readFile } from "node:fs/promises";
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

import { readFile } from "node:fs/promises";
import {
  installPacked,
  type PackedProject,
  parseCodeBlocks,
  startTemporal,
  type Temporal,
} from "@fanfare/dev-stack";
import { afterAll, beforeAll, expect, it } from "vitest";

// The compiled files are beside their sources, where the bundler of the worker finds them.
const compilerOptions = {
  target: "es2022",
  module: "nodenext",
  types: ["node"],
  strict: true,
  skipLibCheck: true,
  rewriteRelativeImportExtensions: true,
};

let project: PackedProject;
let temporal: Temporal;
beforeAll(async () => {
  const parts = ["client", "common", "worker", "workflow"];
  const also = [...parts.map((part) => `@temporalio/${part}`), "@types/node"];
  project = await installPacked({ packages: ["saga"], also });
  temporal = await startTemporal();
}, 300_000);
afterAll(async () => {
  await temporal?.stop();
  await project?.[Symbol.asyncDispose]();
});

it("runs the program of its README, packed and installed outside the checkout", async () => {
  const readme = await readFile(`${project.folder}/node_modules/@fanfare/saga/README.md`, "utf8");
  const blocks = parseCodeBlocks(readme);
  for (const { file, code } of blocks) if (file !== undefined) await project.write(file, code);
  await project.write("tsconfig.json", JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  await project.run("tsc", []);
  const printed = await project.run("node", ["start.js"], { TEMPORAL_ADDRESS: temporal.address });
  expect(printed).toBe(blocks.find(({ language }) => language === "text")?.code);
}, 180_000);

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { installPacked, type PackedProject, parseCodeBlocks } from "@fanfare/dev-stack";
import { afterAll, beforeAll, expect, it } from "vitest";

const compilerOptions = {
  target: "esnext",
  module: "nodenext",
  types: ["node"],
  strict: true,
  exactOptionalPropertyTypes: true,
  verbatimModuleSyntax: true,
  allowImportingTsExtensions: true,
  noEmit: true,
};

let project: PackedProject;
beforeAll(async () => {
  const also = ["@bufbuild/protobuf", "@connectrpc/connect", "jose", "@types/node", "@types/pg"];
  project = await installPacked({ packages: ["database-errors", "service"], also });
}, 300_000);
afterAll(async () => {
  await project?.[Symbol.asyncDispose]();
});

it("runs the service of its README, packed and installed outside the checkout", async () => {
  const readme = await readFile(
    `${project.folder}/node_modules/@fanfare/service/README.md`,
    "utf8",
  );
  const blocks = parseCodeBlocks(readme);
  for (const { file, code } of blocks) if (file !== undefined) await project.write(file, code);
  await project.write("tsconfig.json", JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  await project.run("buf", ["generate"]);
  await project.run("tsc", []);
  // The Node.js of the tests, because that of the machine may not run TypeScript.
  const token = await project.run(process.execPath, ["token.ts"]);

  const greeter = spawn(process.execPath, ["main.ts"], {
    cwd: project.folder,
    env: { ...process.env, PORT: "0", HEALTH_PORT: "0", AUTH_JWKS: "jwks.json" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(greeter, "exit");
  try {
    const [line] = await once(createInterface(greeter.stdout), "line");
    const response = await fetch(`${JSON.parse(line).url}/greet.v1.GreetService/Greet`, {
      method: "POST",
      headers: { authorization: `Bearer ${token.trim()}`, "content-type": "application/json" },
      body: JSON.stringify({ name: "Bob" }),
    });
    const expected = blocks.find(({ language }) => language === "text")?.code;
    expect(`${await response.text()}\n`).toBe(expected);
  } finally {
    greeter.kill();
  }
  expect(await exited).toEqual([0, null]);
}, 180_000);

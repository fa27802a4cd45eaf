import { cp, readFile } from "node:fs/promises";
import { installPacked, type Nats, type PackedProject, parseCodeBlocks } from "@fanfare/dev-stack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startOwnNats } from "../test/nats-server.ts";

const compilerOptions = {
  target: "es2022",
  lib: ["es2022", "esnext.disposable"],
  module: "nodenext",
  types: ["node"],
  strict: true,
  rewriteRelativeImportExtensions: true,
  outDir: "dist",
};
const tsconfig = { compilerOptions, include: ["*.ts", "gen"] };

/** Handles events with handlers that throw the errors of another copy of the bus. */
const twoCopies = `
  import { BusError, createMemoryBus, createPublisher } from "@fanfare/bus";
  import {
    BusError as OtherError, DependencyUnavailableError, PermanentError,
  } from "./other/error.js";
  import { NoteEvents } from "./dist/gen/notes/v1/note_events_pb.js";

  const errors = [new DependencyUnavailableError("away"), new PermanentError("never")];
  const bus = createMemoryBus();
  await bus.subscribe("readers", (on) => on.service(NoteEvents, {
    noteWritten() {
      const error = errors.shift();
      if (error !== undefined) throw error;
    },
  }), { onFailure: ({ verdict }) => console.log(verdict) });
  await createPublisher(NoteEvents, bus).noteWritten({ author: "Ada" });
  await bus.advance(60_000);
  console.log(OtherError !== BusError && new OtherError("internal", "") instanceof BusError);
`;

/** Reads a file of a packed package. */
async function readPacked(project: PackedProject, name: string, file: string): Promise<string> {
  return await readFile(`${project.folder}/node_modules/@fanfare/${name}/${file}`, "utf8");
}

describe("the packed packages, installed outside of the checkout", { timeout: 180_000 }, () => {
  let project: PackedProject;
  let nats: Nats;
  beforeAll(async () => {
    const also = ["@bufbuild/protobuf", "@types/node"];
    project = await installPacked({ packages: ["bus", "bus-nats"], also });
    nats = await startOwnNats();
    await project.write("tsconfig.json", JSON.stringify(tsconfig));
  }, 300_000);
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await nats?.stop();
  });

  it("run the README of the bus", async () => {
    const blocks = parseCodeBlocks(await readPacked(project, "bus", "README.md"));
    for (const { file, code } of blocks) if (file !== undefined) await project.write(file, code);
    await project.run("buf", ["generate"]);
    await project.run("tsc", []);
    const printed = await project.run("node", ["dist/start.js"]);
    expect(printed).toBe(blocks.find(({ language }) => language === "text")?.code);
  });

  it("run the first example of the README of the JetStream broker", async () => {
    const [first] = parseCodeBlocks(await readPacked(project, "bus-nats", "README.md")).filter(
      ({ language }) => language === "ts",
    );
    await project.write("on-nats.ts", first?.code ?? "");
    await project.run("tsc", []);
    const printed = await project.run("node", ["dist/on-nats.js"], { NATS_URL: nats.url });
    expect(printed.trim().split("\n").toSorted()).toEqual(["readers got note/1 by Ada", "stored"]);
  });

  it("share one copy of the bus, which is a peer dependency", async () => {
    const manifest: unknown = JSON.parse(await readPacked(project, "bus-nats", "package.json"));
    expect(manifest).toMatchObject({
      peerDependencies: { "@fanfare/bus": expect.stringMatching(/^\^\d/) },
    });
    expect(manifest).not.toHaveProperty(["dependencies", "@fanfare/bus"]);
  });

  it("recognize the errors of a second copy of the bus", async () => {
    const copy = `${project.folder}/other/node_modules/@fanfare/bus`;
    await cp(`${project.folder}/node_modules/@fanfare/bus`, copy, { recursive: true });
    await project.write("other/error.js", 'export * from "@fanfare/bus";');
    await project.write("two-copies.js", twoCopies);
    const printed = await project.run("node", ["two-copies.js"]);
    expect(printed.trim().split("\n")).toEqual(["pause", "dead-letter", "true"]);
  });
});

import { stripVTControlCharacters } from "node:util";
import { startTemporal } from "@fanfare/dev-stack";
import { expect, it } from "vitest";
import { openTutorial } from "../test/tutorial.ts";

it("the broker of the tutorial passes the conformance suite, as the tutorial shows", async () => {
  await using tutorial = await openTutorial("your-own-broker");
  await tutorial.run("tsc", ["--noEmit"]);
  const output = await tutorial.run("vitest", ["run", "array-broker.test.ts", "--root", "."]);
  const shown = tutorial.blocks.find(({ language }) => language === "console")?.code;
  const [, files = "a line with the test files"] = shown?.split("\n") ?? [];
  expect(stripVTControlCharacters(output)).toContain(files);
}, 180_000);

it("the saga of the tutorial prints what the tutorial shows", async () => {
  await using tutorial = await openTutorial("your-first-saga");
  await tutorial.run("tsc", ["--noEmit"]);
  const temporal = await startTemporal();
  try {
    const env = { TEMPORAL_ADDRESS: temporal.address };
    const output = await tutorial.run("node", ["start.ts"], env);
    expect(output).toBe(tutorial.blocks.find(({ language }) => language === "text")?.code);
  } finally {
    await temporal.stop();
  }
}, 180_000);

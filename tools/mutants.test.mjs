import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { mutants } from "./mutant-list.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

it.each(mutants)("finds the text of the mutant '$name' once", ({ package: folder, file, find }) => {
  const parts = readFileSync(`${root}/${folder}/${file}`, "utf8").split(find);
  expect(parts).toHaveLength(2);
});

it("has a name for each mutant", () => {
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
});

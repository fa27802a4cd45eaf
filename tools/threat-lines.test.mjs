import { describe, expect, it } from "vitest";
import { findMissingTests, listTitles } from "./threat-lines.mjs";

const source = `
describe("refusals", { timeout: 1 }, () => {
  it("refuses a stranger", () => {});
  it.each([
    ["a", "rider"],
  ])("refuses %s", async () => {});
  it.skipIf(process.platform !== "linux")(
    "refuses the user \\"nobody\\"",
    () => {},
  );
  it.skip("refuses nobody yet", () => {});
  // it("refuses what was removed", () => {});
});
`;

it("lists the titles that a file runs", () => {
  expect([...listTitles(source)]).toEqual([
    "refusals",
    "refuses a stranger",
    "refuses %s",
    'refuses the user "nobody"',
  ]);
});

const readSource = (path) => (path === "a.test.ts" ? source : undefined);

function check(cell) {
  const page = `| who | tests |\n| --- | --- |\n| x | ${cell} |\n\n| a | b |\n| --- | --- |\n| c | d |\n`;
  return findMissingTests(page, readSource);
}

describe("findMissingTests()", () => {
  it("accepts tests that exist, and rows of other tables", () => {
    expect(check('[a](a.test.ts) "refuses a stranger"; "refuses %s"')).toEqual([]);
  });

  it.each([
    ["", "line 3: the row names no test"],
    ["[a](a.test.ts)", "line 3: the row names no test"],
    ['"refuses a stranger"', 'line 3: the file of "refuses a stranger" is missing before it'],
    ['[a](a.test.ts) "refuses"', 'line 3: a.test.ts has no test "refuses"'],
    ['[a](a.test.ts) "refuses nobody yet"', 'line 3: a.test.ts has no test "refuses nobody yet"'],
    [
      '[a](a.test.ts) "refuses what was removed"',
      'line 3: a.test.ts has no test "refuses what was removed"',
    ],
  ])("reports %j", (cell, problem) => {
    expect(check(cell)).toEqual([problem]);
  });

  it("reports a file that does not exist", () => {
    expect(check('[b](b.test.ts) "refuses a stranger"')).toContain(
      "line 3: b.test.ts does not exist",
    );
  });
});

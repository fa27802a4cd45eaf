import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

// What main.ts prints itself is meant for other programs: a token, and variables in the form of JSON.
const printers = ["main.ts", "terminal.ts", "write-error.ts"];

it("every command prints by the terminal or writeError, which escape", () => {
  const files = globSync("**/*.ts", { cwd: import.meta.dirname });
  const printing = files.filter((file) =>
    // A write of nothing waits for what was printed before.
    /process\.std(out|err)\.write\((?!"")|console\.\w+\(/.test(
      readFileSync(`${import.meta.dirname}/${file}`, "utf8"),
    ),
  );
  const others = printing.filter((file) => !printers.includes(file) && !file.endsWith(".test.ts"));
  expect(others).toEqual([]);
});

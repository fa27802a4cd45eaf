import { describe, expect, it } from "vitest";
import { codeBlocks } from "./code-blocks.ts";

describe("codeBlocks()", () => {
  it("gives each fenced piece with its language and the file that it names", () => {
    const text = [
      "```ts",
      "// src/start.ts",
      "start();",
      "```",
      "and",
      "```yaml",
      "a: 1",
      "```",
      "",
    ];
    expect(codeBlocks(text.join("\n"))).toEqual([
      { language: "ts", file: "src/start.ts", code: "// src/start.ts\nstart();\n" },
      { language: "yaml", file: undefined, code: "a: 1\n" },
    ]);
  });
});

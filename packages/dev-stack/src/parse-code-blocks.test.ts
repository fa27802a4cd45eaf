import { describe, expect, it } from "vitest";
import { parseCodeBlocks } from "./parse-code-blocks.ts";

describe("parseCodeBlocks()", () => {
  it("returns each fenced block with its language and the file that it names", () => {
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
    expect(parseCodeBlocks(text.join("\n"))).toEqual([
      { language: "ts", file: "src/start.ts", code: "// src/start.ts\nstart();\n" },
      { language: "yaml", file: undefined, code: "a: 1\n" },
    ]);
  });
});

import { readFile } from "node:fs/promises";
import { parseCodeBlocks } from "@fanfare/dev-stack";
import { expect, it } from "vitest";

const read = (path: string) => readFile(new URL(path, import.meta.url), "utf8");
const blocks = parseCodeBlocks(await read("../../../docs/tutorials/your-first-reactor.md"));

// adding-a-reactor.live.test.ts adds this reactor to a copy of the checkout and runs it.
it.each(["package.json", "src/migrations.ts", "src/react.ts", "src/main.ts"])(
  "the tutorial of the first reactor shows %s of the reactor that the tests add",
  async (path) => {
    const codes = blocks.map(({ code }) => code);
    expect(codes).toContain(await read(`../test/mileage-reactor/${path}`));
  },
);

it("the tutorial shows the line that the tests add to the list", async () => {
  const test = await read("./adding-a-reactor.live.test.ts");
  const [, line = "missing"] = /const entry = '(.*?),\\n';/.exec(test) ?? [];
  expect(blocks.map(({ code }) => code.trimEnd().replace(/,$/, ""))).toContain(line);
});

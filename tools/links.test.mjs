import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const pages = globSync("{*.md,docs/**/*.md,{apps,packages,deploy}/*/README.md,bench/README.md}", {
  cwd: root,
});

it.each(pages)("%s links to files that exist", (page) => {
  const text = readFileSync(join(root, page), "utf8").replace(/^```.*?^```$/gms, "");
  const targets = Array.from(text.matchAll(/\]\(([^)\s#]+)[^)]*\)/g), ([, target]) => target);
  const broken = targets.filter(
    (target) => !/^[a-z]+:/.test(target) && !existsSync(join(root, dirname(page), target)),
  );
  expect(broken).toEqual([]);
});

it.each(pages)(
  "%s shows no password among the arguments of a command, which other users can list",
  (page) => {
    const text = readFileSync(join(root, page), "utf8");
    expect(text.match(/ --[\w-]+[ =]['"]?(?:\w+:\/\/[^\s/@]*:[^\s/@]+@|Bearer )\S*/g)).toBeNull();
  },
);

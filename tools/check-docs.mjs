// Checks the doc comments of what ships: every exported symbol has one, it does not begin with the
// symbol's own name, and every function of a library's entry points has an @example that compiles.
// Function names are verbs, in tests as well: none ends in "Of". Every line of docs/security.md names tests
// that exist.
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseExamples, parseExports, parseReexports } from "./doc-comments.mjs";
import { findMissingTests } from "./threat-lines.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const libraries = [
  "access",
  "bus",
  "bus-nats",
  "database-errors",
  "outbox",
  "reactor",
  "saga",
  "service",
  "trip-contract",
];
const problems = [];

for (const file of globSync("{packages,apps}/*/src/**/*.ts", { cwd: root })) {
  if (file.endsWith(".test.ts") || file.includes("/gen/")) continue;
  for (const { name, line, doc } of parseExports(read(file))) {
    const where = `${file}:${line}`;
    if (doc === undefined) problems.push(`${where} ${name} has no doc comment`);
    else if (startsWithName(doc, name)) {
      problems.push(`${where} the doc comment of ${name} starts with its name: start with a verb`);
    }
  }
}
for (const library of libraries) checkExamples(library);
for (const file of globSync("{packages/*,apps/*,bench}/{src,test}/**/*.ts", { cwd: root })) {
  if (file.includes("/gen/")) continue;
  for (const [index, line] of read(file).split("\n").entries()) {
    const name = /\b(?:function|const) (\w+[a-z]Of)\b/.exec(line)?.[1];
    if (name === undefined) continue;
    problems.push(
      `${file}:${index + 1} ${name} is no verb: name what it does, such as read, find or list`,
    );
  }
}

const threats = findMissingTests(read("docs/security.md"), (link) => {
  const file = join("docs", link);
  return existsSync(join(root, file)) ? read(file) : undefined;
});
problems.push(...threats.map((problem) => `docs/security.md ${problem}`));

if (problems.length > 0) {
  console.error(problems.join("\n"));
  console.error(`${problems.length} problems: see "Comments" in AGENTS.md`);
  process.exit(1);
}

function read(file) {
  return readFileSync(join(root, file), "utf8");
}

function startsWithName(doc, name) {
  return doc.split(/[\s(:,.]/, 1)[0] === name;
}

/** Writes each example to a file of its own and compiles them together. */
function checkExamples(library) {
  const folder = join("packages", library);
  if (!existsSync(join(root, folder))) return;
  const examples = join(root, folder, ".examples");
  rmSync(examples, { recursive: true, force: true });
  mkdirSync(examples);
  try {
    const scope = readScope(folder);
    const files = [];
    for (const { name, file, entry } of listFunctions(folder)) {
      const codes = parseExamples(read(file), name);
      if (codes.length === 0) problems.push(`${file} ${name} (of ${entry}) has no @example`);
      for (const [index, code] of codes.entries()) {
        const path = `${name}-${index}.ts`;
        writeFileSync(join(examples, path), wrapExample(code, scope));
        files.push({ path, source: `${file} @example of ${name}` });
      }
    }
    compile(examples, files);
  } finally {
    rmSync(examples, { recursive: true, force: true });
  }
}

/** Returns where each name comes from that an example may use without importing it. */
function readScope(folder) {
  const scope = new Map();
  for (const { specifier, file } of listEntries(folder)) {
    for (const { name } of listNames(file)) {
      if (!scope.has(name)) scope.set(name, specifier);
    }
  }
  const context = join(folder, "test/example-context.ts");
  if (existsSync(join(root, context))) {
    for (const { name } of parseExports(read(context))) {
      scope.set(name, "../test/example-context.ts");
    }
  }
  return scope;
}

function listEntries(folder) {
  const { name, exports } = JSON.parse(read(join(folder, "package.json")));
  return Object.entries(exports)
    .filter(([, file]) => !file.includes("*"))
    .map(([path, file]) => ({ specifier: join(name, path), file: join(folder, file) }));
}

/** Returns what an entry point exports: what it declares, and what it re-exports by name. */
function listNames(file) {
  const text = read(file);
  const own = parseExports(text).map(({ name }) => ({ name, file }));
  const others = parseReexports(text).flatMap(({ names, from }) =>
    names.map((name) => ({ name, file: join(dirname(file), from) })),
  );
  return [...own, ...others];
}

function listFunctions(folder) {
  const found = new Map();
  for (const { specifier, file } of listEntries(folder)) {
    for (const exported of listNames(file)) {
      const source = parseExports(read(exported.file)).find(({ name }) => name === exported.name);
      if (source?.kind === "function" && !found.has(exported.name)) {
        found.set(exported.name, { ...exported, entry: specifier });
      }
    }
  }
  return [...found.values()];
}

function wrapExample(code, scope) {
  const lines = code.split("\n");
  const imports = lines.filter((line) => /^import\b.*;$/.test(line));
  const body = lines.filter((line) => !imports.includes(line));
  const imported = new Set(imports.join(" ").match(/[\w$]+/g));
  const used = new Set(code.match(/[A-Za-z_$][\w$]*/g));
  for (const [name, specifier] of scope) {
    if (used.has(name) && !imported.has(name))
      imports.push(`import { ${name} } from "${specifier}";`);
  }
  return `${imports.join("\n")}\nexport async function example() {\n${body.join("\n")}\n}\n`;
}

function compile(examples, files) {
  const config = {
    extends: "../../../tsconfig.json",
    compilerOptions: {
      noUnusedLocals: false,
      noUnusedParameters: false,
      verbatimModuleSyntax: false,
      isolatedModules: false,
    },
    files: files.map(({ path }) => path),
    include: [],
    exclude: [],
  };
  if (files.length === 0) return;
  writeFileSync(join(examples, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(root, "node_modules", ".bin", "tsc");
  const { status, stdout } = spawnSync(tsc, ["-p", examples, "--pretty", "false"], {
    cwd: examples,
    encoding: "utf8",
  });
  if (status === 0) return;
  for (const line of stdout.trim().split("\n")) {
    const file = files.find(({ path }) => line.startsWith(`${path}(`));
    if (file === undefined && !/^\S+\(\d/.test(line)) continue;
    problems.push(`${file?.source ?? relative(root, examples)}: ${line.replace(/^[^)]*\): /, "")}`);
  }
}

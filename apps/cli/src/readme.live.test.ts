import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { reservePorts, waitUntil } from "@fanfare/dev-stack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Running, startCommand } from "../test/run-fanfare.ts";
import { defaultPorts } from "./stack/ports.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const readme = await readFile(join(root, "README.md"), "utf8");
const operations = await readFile(join(root, "docs/operations.md"), "utf8");

/** Returns the code blocks of one language, in order. */
function findCodeBlocks(text: string, language: string): string[] {
  const blocks = text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm);
  return [...blocks].filter((block) => block[1] === language).map((block) => block[2] ?? "");
}

const commands = [readme, operations]
  .flatMap((text) => findCodeBlocks(text, "sh"))
  .flatMap((block) => block.trim().split("\n"));
const testedElsewhere = ["npm run demo", "npm test"];

describe("the commands of the README and of the operations page", { timeout: 240_000 }, () => {
  let env: NodeJS.ProcessEnv;
  let stack: Running;
  let tried: string[];

  beforeAll(async () => {
    env = { ...process.env, FANFARE_STATE: await mkdtemp(join(tmpdir(), "fanfare-readme-")) };
    tried = [];
    const names = Object.keys(defaultPorts);
    const { ports } = await reservePorts(names.length);
    const flags = names.map((name, i) => `--port ${name}=${ports[i]}`).join(" ");
    stack = start("npm start", (command) => `exec ${command} -- ${flags}`);
    await stack.waitForOutput("Ctrl-C stops everything");
    // npm start creates this folder in the checkout of the README's reader.
    await mkdir(join(root, ".fanfare"), { recursive: true });
  }, 240_000);

  afterAll(async () => {
    await stack?.end("SIGINT");
    await rm(env.FANFARE_STATE ?? "", { recursive: true, force: true });
  }, 60_000);

  /** Returns the documented command that starts with a text, with the changes that the test needs. */
  function findCommand(
    beginning: string,
    change: (command: string) => string = (same) => same,
  ): string {
    const found = commands.find((command) => command.startsWith(beginning));
    if (found === undefined) throw new Error(`no documented command starts with: ${beginning}`);
    tried.push(found);
    return change(found);
  }

  function start(beginning: string, change?: (command: string) => string): Running {
    return startCommand("/bin/sh", ["-c", findCommand(beginning, change)], { cwd: root, env });
  }

  async function run(beginning: string, change?: (command: string) => string): Promise<string> {
    const options = { cwd: root, env, timeout: 120_000 };
    return (await promisify(execFile)("/bin/sh", ["-c", findCommand(beginning, change)], options))
      .stdout;
  }

  async function startTrip(): Promise<(command: string) => string> {
    const id = /^trip +(\S+)$/m.exec(await run("npm run fanfare -- trip start"))?.[1] ?? "";
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    return (command) => command.replace("<trip id>", id);
  }

  it("take trips on a running stack", async () => {
    const withId = await startTrip();
    expect(await run("npm run fanfare -- trip list")).toContain("ACTIVE");
    expect(await run("npm run fanfare -- tariffs list")).toMatch(/^launch +yes +€1\.00 +€0\.30 /m);
    const watching = run("npm run fanfare -- trip watch", withId);
    expect(await run("npm run fanfare -- trip end", withId)).toMatch(/^status +(ENDED|SETTLED)$/m);
    expect(await watching).toContain("SETTLED");
    expect(await run("npm run fanfare -- trip get", withId)).toMatch(/^status +SETTLED$/m);
    const asOperator = "npm run fanfare -- trip get <trip id> --operator";
    expect(await run(asOperator, withId)).toMatch(/^ {2}capture +done$/m);
    expect(await run("npm run fanfare -- trip refund <", withId)).toContain("€0.50");
    expect(await run("npm run fanfare -- trip refunds", withId)).toMatch(/REFUNDED|PUBLISHED/);
    const other = await startTrip();
    expect(await run("npm run fanfare -- trip cancel", other)).toMatch(/^status +CANCELLED$/m);
    expect(await run("npm run fanfare -- token")).toMatch(/^ey\S+$/m);
  });

  it("show and change a rider", async () => {
    const updated = await run("npm run fanfare -- riders update");
    const shown = await run("npm run fanfare -- riders show");
    for (const printed of [updated, shown]) {
      expect(printed).toMatch(/^name +Alice Moreau$/m);
      expect(printed).toMatch(/^time zone +Europe\/Paris$/m);
    }
    expect(await run("npm run fanfare -- riders methods list")).toContain("Visa …4242");
  });

  it("show the groups, and replay dead letters", async () => {
    expect(await run("npm run fanfare -- groups")).toMatch(
      /^revenue +trips\.completed,trips\.refunded +\d/m,
    );
    expect(await run("npm run fanfare -- dead-letters list")).toContain(
      "No event is dead-lettered.",
    );
    const replayed = await run("npm run fanfare -- dead-letters replay");
    expect(replayed).toContain("revenue has no dead letters");
  });

  it("show the decisions of operators", async () => {
    expect(await run("npm run fanfare -- operators log")).toMatch(
      /REFUND_TRIP .* the car was dirty$/m,
    );
    const none = "No operator has decided anything.";
    const withId = await startTrip();
    expect(await run("npm run fanfare -- operators log <trip id>", withId)).toContain(none);
  });

  it("run another process of a reactor", async () => {
    await run("npm run -s fanfare -- env revenue");
    const {
      ports: [port, healthPort],
    } = await reservePorts(2);
    const revenue = start("PORT=18085", (command) =>
      command.replace("18085 HEALTH_PORT=19085 ", `${port} HEALTH_PORT=${healthPort} exec `),
    );
    await waitUntil(async () => (await fetch(`http://127.0.0.1:${healthPort}/readyz`)).ok, {
      what: "the second revenue to be ready",
      timeoutMs: 60_000,
    });
    expect(await revenue.end("SIGTERM")).toBe(0);
  });

  it("print the configuration of a process", async () => {
    expect(await run("node_modules/.bin/node apps/trips/src/main.ts --help")).toContain("PORT");
  });

  it("are all tested", () => {
    expect(commands.filter((command) => !tried.includes(command))).toEqual(testedElsewhere);
  });
});

describe("the README's snippet", () => {
  it("prints the output in the README", { timeout: 60_000 }, async () => {
    const [snippet = ""] = findCodeBlocks(readme, "ts");
    const file = join(root, `apps/cli/readme-${process.pid}.ts`);
    await writeFile(file, snippet);
    try {
      const { stdout } = await promisify(execFile)(process.execPath, [file]);
      expect(findCodeBlocks(readme, "text")).toContain(stdout);
    } finally {
      await rm(file);
    }
  });
});

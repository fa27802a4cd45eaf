import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from "@temporalio/worker";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { stories } from "../test/stories.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const folder = new URL("../histories/", import.meta.url);
const names = await readdir(folder);
let code: string;
let reordered: string;

beforeAll(async () => {
  const logger = new DefaultLogger("ERROR", () => undefined);
  Runtime.install({ logger, telemetryOptions: { logging: { filter: "OFF" } } });
  const bundle = async (file: string) => {
    const workflowsPath = fileURLToPath(new URL(file, import.meta.url));
    return (await bundleWorkflowCode({ workflowsPath, logger })).code;
  };
  code = await bundle("./trip-workflow.ts");
  reordered = await bundle("../test/reordered-trip-workflow.ts");
});

async function replay(name: string, workflow = code): Promise<void> {
  const history: unknown = JSON.parse(await readFile(new URL(name, folder), "utf8"));
  await Worker.runReplayHistory({ workflowBundle: { code: workflow } }, history);
}

/** Those that were cancelled before a vehicle was reserved met no change of the order. */
const whereTheOrderShows = names.filter((name) => !/cancelled-at-take-up|recovered/.test(name));

describe("recorded histories", () => {
  it("are there for every story", () => {
    const recorded = new Set(names.map((name) => name.replace(/-\d+\.json$/, "")));
    expect([...recorded].toSorted()).toEqual(Object.keys(stories).toSorted());
  });

  it.each(names)("replay against today's workflow: %s", async (name) => {
    await expect(replay(name)).resolves.toBeUndefined();
  });

  it.each(whereTheOrderShows)(
    "do not replay against a workflow of another order without a patch: %s",
    async (name) => {
      await expect(replay(name, reordered)).rejects.toThrow(/[Nn]ondeterminism|TMPRL1100/);
    },
  );
});

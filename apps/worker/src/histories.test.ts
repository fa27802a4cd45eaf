import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from "@temporalio/worker";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { stories } from "../test/stories.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const folder = new URL("../histories/", import.meta.url);
const names = await readdir(folder);
let code: string;

beforeAll(async () => {
  const logger = new DefaultLogger("ERROR", () => undefined);
  Runtime.install({ logger, telemetryOptions: { logging: { filter: "OFF" } } });
  const workflowsPath = fileURLToPath(new URL("./trip-workflow.ts", import.meta.url));
  ({ code } = await bundleWorkflowCode({ workflowsPath, logger }));
});

async function replay(history: unknown): Promise<void> {
  await Worker.runReplayHistory({ workflowBundle: { code } }, history);
}

describe("recorded histories", () => {
  it("are there for every story", () => {
    const recorded = new Set(names.map((name) => name.replace(/-\d+\.json$/, "")));
    expect([...recorded].toSorted()).toEqual(Object.keys(stories).toSorted());
  });

  it.each(names)("replay against today's workflow: %s", async (name) => {
    const history: unknown = JSON.parse(await readFile(new URL(name, folder), "utf8"));
    await expect(replay(history)).resolves.toBeUndefined();
  });

  it("do not replay when the order of the steps is another", async () => {
    const text = await readFile(new URL("completed-1.json", folder), "utf8");
    const swapped = text.replace('"name": "reserveVehicle"', '"name": "openTab"');
    expect(swapped).not.toBe(text);
    await expect(replay(JSON.parse(swapped))).rejects.toThrow(/[Nn]ondeterminism|TMPRL1100/);
  });
});

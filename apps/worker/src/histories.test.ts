import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { updates } from "@fanfare/trip-contract";
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from "@temporalio/worker";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
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

async function read(name: string): Promise<unknown> {
  return JSON.parse(await readFile(new URL(name, folder), "utf8"));
}

async function replay(name: string, workflow = code): Promise<void> {
  const history = await read(name);
  await Worker.runReplayHistory({ workflowBundle: { code: workflow } }, history);
}

const parsed = z.object({
  events: z.array(
    z.object({
      eventType: z.string(),
      markerRecordedEventAttributes: z.object({ markerName: z.string() }).optional(),
      workflowExecutionUpdateAcceptedEventAttributes: z
        .object({ acceptedRequest: z.object({ input: z.object({ name: z.string() }) }) })
        .optional(),
    }),
  ),
});

/** hastyUpdates are the updates after which something was tried in the workflow task that accepted them. */
async function hastyUpdates(name: string): Promise<string[]> {
  const hasty: string[] = [];
  let accepted: string | undefined;
  for (const event of parsed.parse(await read(name)).events) {
    if (event.eventType === "EVENT_TYPE_WORKFLOW_TASK_STARTED") accepted = undefined;
    const update = event.workflowExecutionUpdateAcceptedEventAttributes;
    accepted = update?.acceptedRequest.input.name ?? accepted;
    const marker = event.markerRecordedEventAttributes?.markerName;
    if (marker === "core_local_activity" && accepted !== undefined) hasty.push(accepted);
  }
  return hasty;
}

/** Those that were cancelled before a vehicle was reserved met no change of the order. */
const whereTheOrderShows = names.filter((name) => !/cancelled-at-accept-trip|recovered/.test(name));

describe("recorded histories", () => {
  it("are there for every story", () => {
    const recorded = new Set(names.map((name) => name.replace(/-\d+\.json$/, "")));
    expect([...recorded].toSorted()).toEqual(Object.keys(stories).toSorted());
  });

  it.each(names)("replay against today's workflow: %s", async (name) => {
    await expect(replay(name)).resolves.toBeUndefined();
  });

  // Temporal forgets an update that it has not stored when it is restarted, and its effects would stay. That
  // a trip begins is on record without the update that waits for it.
  it.each(names)("have updates on record before what they lead to: %s", async (name) => {
    expect((await hastyUpdates(name)).filter((update) => update !== updates.start)).toEqual([]);
  });

  it.each(whereTheOrderShows)(
    "do not replay against a workflow of another order without a patch: %s",
    async (name) => {
      await expect(replay(name, reordered)).rejects.toThrow(/[Nn]ondeterminism|TMPRL1100/);
    },
  );
});

import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { addCodecKey, createDataConverter, parseCodecKeys } from "@fanfare/saga/codec";
import { updates } from "@fanfare/trip-contract";
import type { DataConverter } from "@temporalio/common";
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from "@temporalio/worker";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { encryptHistory } from "../test/encrypt-history.ts";
import { stories } from "../test/stories.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const folder = new URL("../histories/", import.meta.url);
const files = await readdir(folder);
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

async function readHistory(file: string): Promise<unknown> {
  return JSON.parse(await readFile(new URL(file, folder), "utf8"));
}

async function replay(file: string, workflow = code): Promise<void> {
  const history = await readHistory(file);
  await Worker.runReplayHistory({ workflowBundle: { code: workflow } }, history);
}

function convertWith(keyFile: string): DataConverter {
  const keys = parseCodecKeys(keyFile);
  return createDataConverter(() => keys);
}

const historySchema = z.object({
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

/** Lists the updates that a local activity followed within the workflow task that accepted them. */
async function listUpdatesBeforeLocalActivities(file: string): Promise<string[]> {
  const found: string[] = [];
  let accepted: string | undefined;
  for (const event of historySchema.parse(await readHistory(file)).events) {
    if (event.eventType === "EVENT_TYPE_WORKFLOW_TASK_STARTED") accepted = undefined;
    const update = event.workflowExecutionUpdateAcceptedEventAttributes;
    accepted = update?.acceptedRequest.input.name ?? accepted;
    const marker = event.markerRecordedEventAttributes?.markerName;
    if (marker === "core_local_activity" && accepted !== undefined) found.push(accepted);
  }
  return found;
}

/** A trip that is cancelled before its second step, or recovered, never shows the order of its steps. */
const filesThatShowTheOrder = files.filter(
  (file) => !/cancelled-at-accept-trip|recovered/.test(file),
);

describe("recorded histories", () => {
  it("exist for every story", () => {
    const recorded = files.map((file) => file.replace(/\.json$/, ""));
    expect(recorded.toSorted()).toEqual(Object.keys(stories).toSorted());
  });

  it.each(files)("replay against the workflow: %s", async (file) => {
    await expect(replay(file)).resolves.toBeUndefined();
  });

  // A restarted Temporal forgets an update that it has not stored, but the effects of a local activity
  // stay. `start` is exempt: the trip begins without it.
  it.each(files)("store updates before their effects: %s", async (file) => {
    const found = await listUpdatesBeforeLocalActivities(file);
    expect(found.filter((update) => update !== updates.start)).toEqual([]);
  });

  const paths = [
    "completed",
    "declined",
    "lost-reply",
    "parked-and-resolved",
    "reset-in-its-drive",
  ];
  const encrypted = paths.map((path) => `${path}.json`);
  it.each(encrypted)("replay encrypted, after a rotation of keys: %s", async (file) => {
    const keyFile = addCodecKey();
    const history = await encryptHistory(await readHistory(file), convertWith(keyFile));
    const dataConverter = convertWith(addCodecKey(keyFile));
    const options = { workflowBundle: { code }, dataConverter };
    await expect(Worker.runReplayHistory(options, history)).resolves.toBeUndefined();
  });

  it("do not replay with another key, and the error names the missing one", async () => {
    const keyFile = addCodecKey();
    const history = await encryptHistory(await readHistory("completed.json"), convertWith(keyFile));
    const options = { workflowBundle: { code }, dataConverter: convertWith(addCodecKey()) };
    const id = parseCodecKeys(keyFile).encryptWith?.id;
    await expect(Worker.runReplayHistory(options, history)).rejects.toThrow(
      `expected the key \\"${id}\\"`,
    );
  });

  it.each(filesThatShowTheOrder)(
    "do not replay against a workflow with another order of steps: %s",
    async (file) => {
      await expect(replay(file, reordered)).rejects.toThrow(/[Nn]ondeterminism|TMPRL1100/);
    },
  );
});

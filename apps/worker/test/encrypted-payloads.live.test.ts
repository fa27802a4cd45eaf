import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitUntil } from "@fanfare/dev-stack";
import {
  addCodecKey,
  type CodecKeys,
  createDataConverter,
  createPayloadCodec,
  parseCodecKeys,
} from "@fanfare/saga/codec";
import {
  createTripWorkflowId,
  steps,
  type TripInput,
  taskQueue,
  tripWorkflowType,
  updates,
} from "@fanfare/trip-contract";
import { Client } from "@temporalio/client";
import type { DataConverter, PayloadCodec } from "@temporalio/common";
import { decodeOptionalFailureToOptionalError } from "@temporalio/common/lib/internal-non-workflow/index.js";
import { historyToJSON } from "@temporalio/common/lib/proto-utils.js";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { refuse } from "./fake-services.ts";
import { openTripLab, type TestTrip, type TripLab } from "./trip-lab.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

/** What a trip must not leave in Temporal's database. */
const secrets = {
  rider: "rider-7f3a",
  vehicle: "vehicle-7f3a",
  payment: "pm_card_7f3a",
  reason: "my mother is ill 7f3a",
  refusal: "the card of 7f3a was declined",
  locked: "the tab of 7f3a is locked",
  note: "paid in cash 7f3a",
};
const input: Partial<TripInput> = {
  riderId: secrets.rider,
  vehicleId: secrets.vehicle,
  paymentMethod: secrets.payment,
};

const stack = new AsyncDisposableStack();
let folder: string;
let file = addCodecKey();
const encrypted = createDataConverter(() => parseCodecKeys(file));
let lab: TripLab;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fanfare-encrypted-"));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  lab = stack.use(await openTripLab({ data: folder, dataConverter: encrypted }));
});
afterAll(() => stack.disposeAsync());

/** Returns those of the texts that are in the files of Temporal's database. */
async function searchDatabase(texts: readonly string[]): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.startsWith("temporal.db"));
  const files = await Promise.all(names.map((name) => readFile(join(folder, name))));
  return texts.filter((text) => files.some((bytes) => bytes.includes(text)));
}

/** Returns the causes with which workers failed the workflow tasks of a trip. */
async function listFailedTasks({ handle }: TestTrip): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  const failures = (events ?? []).flatMap(
    ({ workflowTaskFailedEventAttributes: task }) => task?.failure ?? [],
  );
  const { loadedDataConverter } = lab.client.options;
  const errors = failures.map((failure) =>
    decodeOptionalFailureToOptionalError(loadedDataConverter, failure),
  );
  return (await Promise.all(errors)).map((error) => error?.message ?? "");
}

/** Creates a data converter that has the keys of the lab once it has failed without them. */
function createLateConverter(before: CodecKeys | undefined): DataConverter {
  let failed = false;
  const codec = createPayloadCodec(() => (failed ? parseCodecKeys(file) : before));
  const decode: PayloadCodec["decode"] = async (payloads) => {
    try {
      return await codec.decode(payloads);
    } catch (error) {
      failed = true;
      throw error;
    }
  };
  return { ...encrypted, payloadCodecs: [{ ...codec, decode }] };
}

/** Lists the keys that encrypted a trip, in the order of its history. */
async function listKeyIds({ handle }: TestTrip): Promise<string[]> {
  const history = historyToJSON(await handle.fetchHistory());
  const ids = [...history.matchAll(/"encryption-key-id": "([^"]+)"/g)].map(([, id = ""]) => id);
  return [...new Set(ids.map((id) => Buffer.from(id, "base64").toString()))];
}

describe("a trip whose payloads are encrypted", () => {
  it("leaves nothing of the rider, no reason and no note in Temporal's database", async () => {
    const completed = lab.begin({}, input);
    await completed.started;
    await completed.end();

    const declined = lab.begin({ openTab: { before: refuse(secrets.refusal) } }, input);
    expect(await declined.started).toMatchObject({ status: "CANCELLED", reason: secrets.refusal });

    const cancelled = lab.begin({}, input);
    await cancelled.started;
    expect(await cancelled.cancel(secrets.reason)).toMatchObject({ reason: secrets.reason });

    const parked = lab.begin({ voidTab: { before: refuse(secrets.locked) } }, input);
    await parked.started;
    expect(await parked.cancel(secrets.reason)).toMatchObject({ status: "NEEDS_ATTENTION" });
    expect(JSON.stringify(await parked.progress())).toContain(secrets.locked);
    await parked.resolve(secrets.note);

    const delayed = lab.begin({ captureTab: { before: refuse(secrets.refusal) } }, input);
    await delayed.started;
    await delayed.end();
    await waitUntil(async () => (await delayed.attributes()).attention === steps.capture, {
      what: "the capture to be parked",
      timeoutMs: 60_000,
    });
    await delayed.resolve(secrets.note);

    const all = [completed, declined, cancelled, parked, delayed];
    const outcomes = await Promise.all(all.map((trip) => trip.outcome()));
    expect(outcomes.map(({ status }) => status)).toEqual([
      "SETTLED",
      "CANCELLED",
      "CANCELLED",
      "CANCELLED",
      "SETTLED",
    ]);
    for (const { handle } of all) {
      const history = historyToJSON(await handle.fetchHistory());
      for (const text of Object.values(secrets)) {
        expect(history).not.toContain(text);
        expect(history).not.toContain(Buffer.from(text).toString("base64").slice(4, -4));
      }
    }
    // The search finds what is there.
    const ids = all.map(({ tripId }) => createTripWorkflowId(tripId));
    expect(await searchDatabase(ids)).toEqual(ids);
    expect(await searchDatabase(Object.values(secrets))).toEqual([]);
  });

  it("encrypts memos, and the messages with which workflow code fails", async () => {
    const handle = await lab.client.workflow.start(tripWorkflowType, {
      taskQueue,
      workflowId: createTripWorkflowId(crypto.randomUUID()),
      memo: { note: "memo-7f3b" },
      args: [{ tripId: "trip-7f3b", riderId: "rider-7f3b" }],
    });
    await waitUntil(
      async () => {
        const { events } = await handle.fetchHistory();
        return events?.some((event) => event.workflowExecutionFailedEventAttributes) === true;
      },
      { what: "the workflow to fail", timeoutMs: 60_000 },
    );
    await expect(handle.result()).rejects.toMatchObject({
      cause: { message: "invalid trip input: vehicleId is missing" },
    });
    expect((await handle.describe()).memo).toEqual({ note: "memo-7f3b" });
    expect(await searchDatabase(["memo-7f3b", "trip-7f3b", "rider-7f3b", "vehicleId"])).toEqual([]);
  });
});

describe("a rotation of keys", () => {
  it("changes the key of a running trip, whose older payloads stay readable", async () => {
    const trip = lab.begin({}, input);
    await trip.started;
    const before = parseCodecKeys(file).encryptWith?.id;
    file = addCodecKey(file);
    await trip.end();
    expect(await trip.outcome()).toMatchObject({ status: "SETTLED" });
    expect(await listKeyIds(trip)).toEqual([before, parseCodecKeys(file).encryptWith?.id]);
  });
});

describe("a worker without the key of a trip", () => {
  it.each([
    ["no keys", undefined],
    ["other keys", parseCodecKeys(addCodecKey())],
  ])(
    "fails the workflow task with %s and names the key, and the trip goes on with the key",
    async (name, keys) => {
      const queue = `without-${name}`;
      await using _ = await lab.startWorker(queue, createLateConverter(keys));
      const trip = lab.begin({}, input, queue);
      await trip.started;
      expect(await listFailedTasks(trip)).toEqual([
        expect.stringContaining(`expected the key "${parseCodecKeys(file).encryptWith?.id}"`),
      ]);
      await trip.end();
      expect(await trip.outcome()).toMatchObject({ status: "SETTLED" });
      expect(trip.fake.compensation).toBeUndefined();
    },
  );
});

describe("a trip that began before the key was given", () => {
  it("goes on, encrypted from then on", async () => {
    const queue = "plain";
    let keys: CodecKeys | undefined;
    await using _ = await lab.startWorker(
      queue,
      createDataConverter(() => keys),
    );
    const plain = createDataConverter(() => undefined);
    const client = new Client({ connection: lab.client.connection, dataConverter: plain });
    const tripId = crypto.randomUUID();
    const workflowId = createTripWorkflowId(tripId);
    const requestedAt = new Date().toISOString();
    const handle = await client.workflow.start(tripWorkflowType, {
      taskQueue: queue,
      workflowId,
      args: [{ tripId, riderId: "rosa", vehicleId: "v", paymentMethod: "pm", requestedAt }],
    });
    await waitUntil(() => lab.services.trip(tripId).statuses.includes("ACTIVE"), {
      what: "the drive to begin",
      timeoutMs: 60_000,
    });
    keys = parseCodecKeys(file);
    await lab.client.workflow.getHandle(workflowId).executeUpdate(updates.end, {
      updateId: updates.end,
      args: [{ requestedAt: new Date().toISOString() }],
    });
    expect(await lab.client.workflow.getHandle(workflowId).result()).toMatchObject({
      status: "SETTLED",
    });
    await expect(handle.result()).rejects.toThrow("found no keys");
  });
});

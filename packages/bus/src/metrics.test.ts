import { expect, it } from "vitest";
import { PermanentError } from "./consume/handler-errors.ts";
import { createBus } from "./create-bus.ts";
import { createMemoryBroker } from "./memory/memory-broker.ts";
import { createMemoryBus } from "./memory/memory-bus.ts";
import { createBusMetrics } from "./metrics.ts";
import { rejectAsFull } from "./testing/faults.ts";
import { createNotePublisher, subscribeRead } from "./testing/notes.ts";

it("returns the stats of a bus as metrics", async () => {
  await using bus = createMemoryBus();
  await subscribeRead(bus, "readers", {
    handler({ number }) {
      if (number === 1) throw new PermanentError("never");
      if (number === 2) throw new Error("not today");
    },
  });
  const { noteRead } = createNotePublisher(bus);
  for (const number of [0, 1, 2]) await noteRead({ number });
  await bus.idle();
  await bus.advance(100);
  const metrics = await createBusMetrics(bus)();
  const readers = { group: "readers" };
  const read = { group: "readers", topic: "notes.read" };
  const findSamples = (name: string) =>
    metrics.find((metric) => metric.name === `fanfare_bus_${name}`)?.samples;
  expect(findSamples("connected")).toEqual([{ labels: {}, value: 1 }]);
  expect(findSamples("published_total")).toEqual([{ labels: {}, value: 3 }]);
  expect(findSamples("handled_total")).toEqual([{ labels: readers, value: 1 }]);
  expect(findSamples("failures_total")).toEqual([{ labels: readers, value: 2 }]);
  expect(findSamples("dead_lettered_total")).toEqual([{ labels: readers, value: 1 }]);
  expect(findSamples("in_flight")).toEqual([{ labels: read, value: 1 }]);
  expect(findSamples("lag_seconds")).toEqual([{ labels: readers, value: 0.1 }]);
  expect(findSamples("dead_letters")).toEqual([{ labels: readers, value: 1 }]);
  expect(findSamples("subscription")).toEqual([
    { labels: { group: "readers", state: "running" }, value: 1 },
  ]);
  expect(findSamples("last_error")).toEqual([
    { labels: { group: "readers", code: "internal" }, value: 1 },
  ]);
});

it("counts the publishes of a topic that failed in a row", async () => {
  const broker = createMemoryBroker();
  await using bus = createBus({ ...broker, append: rejectAsFull }, { source: "//test" });
  const { noteRead } = createNotePublisher(bus);
  for (const _ of [1, 2]) await expect(noteRead({})).rejects.toThrow("no room");
  const metrics = await createBusMetrics(bus)();
  expect(metrics.find(({ name }) => name === "fanfare_bus_failing_publishes")?.samples).toEqual([
    { labels: { topic: "notes.read", code: "resource_exhausted" }, value: 2 },
  ]);
});

it("leaves out what the broker does not report", async () => {
  await using bus = createMemoryBus();
  const subscription = await subscribeRead(bus, "readers", { handler() {} });
  const silent = await subscription.stats();
  const stats = { ...(await bus.stats()), subscriptions: [{ ...silent, progress: undefined }] };
  const metrics = await createBusMetrics({ stats: () => Promise.resolve(stats) })();
  const named = (name: string) => metrics.find((metric) => metric.name === `fanfare_bus_${name}`);
  expect(named("pending")?.samples).toEqual([]);
  expect(named("handled_total")?.samples).toHaveLength(1);
});

import { expect, it } from "vitest";
import { createRecordedLogger } from "../../test/recorded-logger.ts";
import { serveHealth } from "../server/serve-health.ts";
import { createMetrics } from "./create-metrics.ts";
import type { Metric } from "./metric.ts";

const waiting: Metric = {
  name: "waiting",
  help: "What waits.",
  type: "gauge",
  samples: [{ labels: { where: "here" }, value: 3 }],
};
const done: Metric = {
  name: "done_total",
  help: "What is done.",
  type: "counter",
  samples: [{ labels: {}, value: 7 }],
};

it("returns the current metrics of the collectors and of the process", async () => {
  let value = 1;
  const metrics = createMetrics({
    one: async () => [{ ...waiting, samples: [{ labels: { where: "here" }, value }] }],
    two: async () => [done],
  });
  expect(await metrics()).toContain('waiting{where="here"} 1\n');
  value = 2;
  const text = await metrics();
  expect(text).toContain('# TYPE waiting gauge\nwaiting{where="here"} 2\n');
  expect(text).toContain("# TYPE done_total counter\ndone_total 7\n");
  expect(text).toContain('metrics_collector_up{collector="two"} 1\n');
  expect(text).toMatch(/^nodejs_eventloop_lag_seconds \d/m);
});

it("leaves out a collector that fails", async () => {
  const metrics = createMetrics({
    sick: () => Promise.reject(new Error("no database")),
    well: async () => [waiting],
  });
  const text = await metrics();
  expect(text).toContain('metrics_collector_up{collector="sick"} 0\n');
  expect(text).toContain('waiting{where="here"} 3\n');
});

it("merges the metrics of one name from several collectors", async () => {
  const there = { ...waiting, samples: [{ labels: { where: "there" }, value: 5 }] };
  const metrics = createMetrics({ one: async () => [waiting], two: async () => [there] });
  const text = await metrics();
  expect(text).toContain('waiting{where="here"} 3\nwaiting{where="there"} 5\n');
  expect(text.match(/# TYPE waiting gauge/g)).toHaveLength(1);
  expect(text).toContain('metrics_collector_up{collector="two"} 1\n');
});

const invalid: Record<string, readonly [Metric, string]> = {
  "the same sample": [waiting, 'expected one sample of waiting{where="here"}, got two'],
  "another type": [{ ...waiting, type: "counter" }, "expected waiting to be a gauge"],
  "the name of a metric of Node.js": [
    { ...waiting, name: "process_cpu_seconds_total" },
    "process_cpu_seconds_total is a metric of every process",
  ],
  "an invalid name": [{ ...waiting, name: "a b" }, "name"],
  "a counter that falls": [
    { ...done, name: "falls_total", samples: [{ labels: {}, value: -1 }] },
    "decrease",
  ],
};

it.each(Object.keys(invalid))("leaves out a collector with %s, and logs why once", async (name) => {
  const [metric, reason] = invalid[name] ?? [waiting, ""];
  const { logger, lines } = createRecordedLogger();
  const metrics = createMetrics(
    { one: async () => [waiting], two: async () => [metric], three: async () => [done] },
    { logger },
  );
  await metrics();
  const text = await metrics();
  expect(text).toContain('waiting{where="here"} 3\n');
  expect(text).toContain("done_total 7\n");
  expect(text).toContain('metrics_collector_up{collector="one"} 1\n');
  expect(text).toContain('metrics_collector_up{collector="two"} 0\n');
  expect(lines).toMatchObject([{ collector: "two", reason: expect.stringContaining(reason) }]);
});

it("leaves out a collector that throws before it returns a promise", async () => {
  const metrics = createMetrics({
    sick() {
      throw new Error("no bus");
    },
    well: async () => [waiting],
  });
  const text = await metrics();
  expect(text).toContain('metrics_collector_up{collector="sick"} 0\n');
  expect(text).toContain('waiting{where="here"} 3\n');
});

it("is served under /metrics without a token", async () => {
  const { logger } = createRecordedLogger();
  const metrics = createMetrics({ one: async () => [waiting] });
  await using server = await serveHealth({ host: "127.0.0.1", healthPort: 0, logger, metrics });
  const answer = await fetch(`${server.url}/metrics`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(await answer.text()).toContain('waiting{where="here"} 3\n');
});

it("answers 404 without metrics, and 500 with the reason in the log when they fail", async () => {
  const { logger, lines } = createRecordedLogger();
  await using without = await serveHealth({ host: "127.0.0.1", healthPort: 0, logger });
  expect((await fetch(`${without.url}/metrics`)).status).toBe(404);
  await using failing = await serveHealth({
    host: "127.0.0.1",
    healthPort: 0,
    logger,
    metrics: () => Promise.reject(new Error("out of memory")),
  });
  expect((await fetch(`${failing.url}/metrics`)).status).toBe(500);
  expect(JSON.stringify(lines)).toContain("out of memory");
});

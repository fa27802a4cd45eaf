import { expect, it } from "vitest";
import {
  createCollector,
  createNotePublisher,
  getNumbers,
  getSortedNumbers,
  range,
  subscribeRead,
  subscribeWritten,
} from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

/** Registers the cases of consumer groups: which group and which process receives an event. */
export function registerGroupCases({ setUp }: SuiteContext): void {
  it("delivers earlier events to a group that begins at the start", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { noteWritten } = createNotePublisher(bus);
    for (const number of range(100)) {
      await noteWritten({ number }, { headers: { "x-number": `${number}` } });
    }
    const { seen, handler } = createCollector();
    await subscribeWritten(bus, "late", { handler, from: "start" });
    await env.waitForCount(seen, 100);
    expect(getSortedNumbers(seen)).toEqual(range(100));
    const headers = seen.map(({ note, delivery }) => [
      `${note.number}`,
      delivery.headers["x-number"],
    ]);
    expect(headers.every(([number, header]) => number === header)).toBe(true);
  });

  it("delivers only later events to a group that begins now", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { noteWritten } = createNotePublisher(bus);
    await noteWritten({ number: 0 });
    const { seen, handler } = createCollector();
    await subscribeWritten(bus, "now", { handler });
    await noteWritten({ number: 1 });
    await env.waitForCount(seen, 1);
    expect(getNumbers(seen)).toEqual([1]);
  });

  it("delivers events stored since a date to a group that begins there", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { noteWritten } = createNotePublisher(bus);
    await noteWritten({ number: 0 });
    await env.elapse(500);
    const from = new Date(env.now());
    await env.elapse(500);
    await noteWritten({ number: 1 });
    const { seen, handler } = createCollector();
    await subscribeWritten(bus, "since", { handler, from });
    await noteWritten({ number: 2 });
    await env.waitForCount(seen, 2);
    expect(getSortedNumbers(seen)).toEqual([1, 2]);
  });

  it("delivers every event to every group", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const groups = ["revenue", "audit", "notifications"].map((group) => ({
      group,
      ...createCollector(),
    }));
    for (const { group, handler } of groups) await subscribeWritten(bus, group, { handler });
    const { noteWritten } = createNotePublisher(bus);
    for (const number of range(30)) await noteWritten({ author: `author-${number % 4}`, number });
    for (const { seen } of groups) await env.waitForCount(seen, 30);
    for (const { seen } of groups) expect(getSortedNumbers(seen)).toEqual(range(30));
  });

  it("shares the events of a group among its processes", async () => {
    await using env = await setUp();
    const processes = [createCollector(waitBriefly), createCollector(waitBriefly)];
    for (const { handler } of processes) {
      await subscribeRead(await env.openBus(), "shared", { handler, concurrency: 4, prefetch: 4 });
    }
    const { noteRead } = createNotePublisher(await env.openBus());
    for (const number of range(200)) await noteRead({ number });
    const all = () => processes.flatMap(({ seen }) => seen);
    await env.waitFor("200 events", () => all().length >= 200);
    expect(getSortedNumbers(all())).toEqual(range(200));
    for (const { seen } of processes) expect(seen.length).toBeGreaterThan(20);
  });

  it("delivers to each process of a group in turn at low load", async () => {
    await using env = await setUp();
    const processes = [createCollector(), createCollector()];
    for (const { handler } of processes) {
      await subscribeRead(await env.openBus(), "shared", { handler });
    }
    const { noteRead } = createNotePublisher(await env.openBus());
    for (const number of range(40)) {
      await noteRead({ number });
      const handled = () => processes.flatMap(({ seen }) => seen).length > number;
      await env.waitFor(`event ${number}`, handled);
    }
    for (const { seen } of processes) expect(seen.length).toBeGreaterThanOrEqual(10);
  });

  it("keeps events for a declared group without running processes", async () => {
    await using env = await setUp();
    const before = createCollector();
    const first = await subscribeWritten(await env.openBus(), "absent", before);
    await first.stop();
    const { noteWritten } = createNotePublisher(await env.openBus());
    for (const number of range(10)) await noteWritten({ number });
    const after = createCollector();
    await subscribeWritten(await env.openBus(), "absent", after);
    await env.waitForCount(after.seen, 10);
    expect(getSortedNumbers(after.seen)).toEqual(range(10));
    expect(before.seen).toEqual([]);
  });

  it("delivers to a group while another one is stuck", async () => {
    await using env = await setUp();
    const bus = await env.openBus();
    const gate = Promise.withResolvers<void>();
    const stuck = createCollector(() => gate.promise);
    const free = createCollector();
    await subscribeRead(bus, "stuck", stuck);
    await subscribeRead(bus, "free", free);
    const { noteRead } = createNotePublisher(bus);
    for (const number of range(200)) await noteRead({ number });
    await env.waitForCount(free.seen, 200);
    expect(stuck.seen).toHaveLength(16);
    gate.resolve();
    await env.waitForCount(stuck.seen, 200);
  });

  it("delivers 5,000 events to 5 groups of 10 processes each", async () => {
    await using env = await setUp();
    const groups = range(5).map((index) => ({ group: `group-${index}`, ...createCollector() }));
    for (const _ of range(10)) {
      const bus = await env.openBus();
      for (const { group, handler } of groups) await subscribeRead(bus, group, { handler });
    }
    const { noteRead } = createNotePublisher(await env.openBus());
    for (const batch of range(10)) {
      await Promise.all(range(500).map((index) => noteRead({ number: batch * 500 + index })));
    }
    for (const { seen } of groups) await env.waitForCount(seen, 5_000);
    for (const { seen } of groups) expect(getSortedNumbers(seen)).toEqual(range(5_000));
  });
}

/** Waits long enough for another process to get its turn. */
function waitBriefly(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 1);
  });
}

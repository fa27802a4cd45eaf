import { expect, it } from "vitest";
import {
  createCollector,
  numbersOf,
  publisherOf,
  sortedNumbersOf,
  takeRead,
  takeWritten,
  upTo,
} from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

/** groupCases state who receives what. */
export function groupCases({ stageOf }: SuiteContext): void {
  it("hands what was published before to a group that begins at the start", async () => {
    await using stage = await stageOf();
    const bus = await stage.openBus();
    const { noteWritten } = publisherOf(bus);
    for (const number of upTo(100)) {
      await noteWritten({ number }, { headers: { "x-number": `${number}` } });
    }
    const { seen, handler } = createCollector();
    await takeWritten(bus, "late", { handler, from: "start" });
    await stage.untilThere(seen, 100);
    expect(sortedNumbersOf(seen)).toEqual(upTo(100));
    const headers = seen.map(({ note, delivery }) => [
      `${note.number}`,
      delivery.headers["x-number"],
    ]);
    expect(headers.every(([number, header]) => number === header)).toBe(true);
  });

  it("hands a group that begins now what is published from now on", async () => {
    await using stage = await stageOf();
    const bus = await stage.openBus();
    const { noteWritten } = publisherOf(bus);
    await noteWritten({ number: 0 });
    const { seen, handler } = createCollector();
    await takeWritten(bus, "now", { handler });
    await noteWritten({ number: 1 });
    await stage.untilThere(seen, 1);
    expect(numbersOf(seen)).toEqual([1]);
  });

  it("hands a group that begins at a time what was published from then on", async () => {
    await using stage = await stageOf();
    const bus = await stage.openBus();
    const { noteWritten } = publisherOf(bus);
    await noteWritten({ number: 0 });
    await stage.pass(500);
    const from = new Date(stage.now());
    await stage.pass(500);
    await noteWritten({ number: 1 });
    const { seen, handler } = createCollector();
    await takeWritten(bus, "since", { handler, from });
    await noteWritten({ number: 2 });
    await stage.untilThere(seen, 2);
    expect(sortedNumbersOf(seen)).toEqual([1, 2]);
  });

  it("hands every event to every group", async () => {
    await using stage = await stageOf();
    const bus = await stage.openBus();
    const groups = ["revenue", "audit", "notifications"].map((group) => ({
      group,
      ...createCollector(),
    }));
    for (const { group, handler } of groups) await takeWritten(bus, group, { handler });
    const { noteWritten } = publisherOf(bus);
    for (const number of upTo(30)) await noteWritten({ author: `author-${number % 4}`, number });
    for (const { seen } of groups) await stage.untilThere(seen, 30);
    for (const { seen } of groups) expect(sortedNumbersOf(seen)).toEqual(upTo(30));
  });

  it("shares the events of a group out between its processes", async () => {
    await using stage = await stageOf();
    const processes = [createCollector(breathe), createCollector(breathe)];
    for (const { handler } of processes) {
      await takeRead(await stage.openBus(), "shared", { handler, concurrency: 4, prefetch: 4 });
    }
    const { noteRead } = publisherOf(await stage.openBus());
    for (const number of upTo(200)) await noteRead({ number });
    const all = () => processes.flatMap(({ seen }) => seen);
    await stage.until("200 events", () => all().length >= 200);
    expect(sortedNumbersOf(all())).toEqual(upTo(200));
    for (const { seen } of processes) expect(seen.length).toBeGreaterThan(20);
  });

  it("gives each process of a group its turn when there is little to do", async () => {
    await using stage = await stageOf();
    const processes = [createCollector(), createCollector()];
    for (const { handler } of processes) {
      await takeRead(await stage.openBus(), "shared", { handler });
    }
    const { noteRead } = publisherOf(await stage.openBus());
    for (const number of upTo(40)) {
      await noteRead({ number });
      const handled = () => processes.flatMap(({ seen }) => seen).length > number;
      await stage.until(`event ${number}`, handled);
    }
    for (const { seen } of processes) expect(seen.length).toBeGreaterThanOrEqual(10);
  });

  it("keeps events for a group that is declared and does not run", async () => {
    await using stage = await stageOf();
    const before = createCollector();
    const first = await takeWritten(await stage.openBus(), "absent", before);
    await first.stop();
    const { noteWritten } = publisherOf(await stage.openBus());
    for (const number of upTo(10)) await noteWritten({ number });
    const after = createCollector();
    await takeWritten(await stage.openBus(), "absent", after);
    await stage.untilThere(after.seen, 10);
    expect(sortedNumbersOf(after.seen)).toEqual(upTo(10));
    expect(before.seen).toEqual([]);
  });

  it("keeps a stuck group from holding another", async () => {
    await using stage = await stageOf();
    const bus = await stage.openBus();
    const gate = Promise.withResolvers<void>();
    const stuck = createCollector(() => gate.promise);
    const free = createCollector();
    await takeRead(bus, "stuck", stuck);
    await takeRead(bus, "free", free);
    const { noteRead } = publisherOf(bus);
    for (const number of upTo(200)) await noteRead({ number });
    await stage.untilThere(free.seen, 200);
    expect(stuck.seen).toHaveLength(16);
    gate.resolve();
    await stage.untilThere(stuck.seen, 200);
  });

  it("carries 5,000 events with 50 subscribers: 5 groups of 10 processes", async () => {
    await using stage = await stageOf();
    const groups = upTo(5).map((index) => ({ group: `group-${index}`, ...createCollector() }));
    for (const _ of upTo(10)) {
      const bus = await stage.openBus();
      for (const { group, handler } of groups) await takeRead(bus, group, { handler });
    }
    const { noteRead } = publisherOf(await stage.openBus());
    for (const batch of upTo(10)) {
      await Promise.all(upTo(500).map((index) => noteRead({ number: batch * 500 + index })));
    }
    for (const { seen } of groups) await stage.untilThere(seen, 5_000);
    for (const { seen } of groups) expect(sortedNumbersOf(seen)).toEqual(upTo(5_000));
  });
}

/** Takes long enough for another process to get its turn. */
function breathe(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 1);
  });
}

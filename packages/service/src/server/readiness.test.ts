import { describe, expect, it } from "vitest";
import { createRecordedLogger } from "../../test/recorded-logger.ts";
import { createReadiness, type Readiness, type ReadinessOptions } from "./readiness.ts";

/** Creates a readiness that is stopped at the end of the test. */
function open(options: Partial<ReadinessOptions>): Readiness & Disposable {
  const { logger } = createRecordedLogger();
  const readiness = createReadiness({ checks: {}, timeoutMs: 1000, logger, ...options });
  return { ...readiness, [Symbol.dispose]: () => readiness.stop() };
}

const fail = (reason: string) => () => Promise.reject(new Error(reason));

describe("createReadiness()", () => {
  it("is ready when every check passes", async () => {
    using readiness = open({ checks: { a: () => {}, b: async () => {} } });
    expect(await readiness.report()).toEqual({ ready: true, failing: {} });
  });

  it("names each check that fails, with the reason", async () => {
    using readiness = open({
      checks: {
        good: () => {},
        database: fail("no connection to postgres://me:word@db"),
        bus() {
          throw new Error("no stream");
        },
        slow: () => new Promise(() => {}),
      },
      timeoutMs: 20,
    });
    expect(await readiness.report()).toEqual({
      ready: false,
      failing: {
        database: "no connection to postgres://***@db",
        bus: "no stream",
        slow: "no answer within 20 ms",
      },
    });
  });

  it("runs its checks once for reports that overlap", async () => {
    let runs = 0;
    using readiness = open({ checks: { counted: async () => void (runs += 1) } });
    await Promise.all([readiness.report(), readiness.report(), readiness.report()]);
    expect(runs).toBe(1);
    await readiness.report();
    expect(runs).toBe(2);
  });

  it("does not run a check beside itself while it does not answer", async () => {
    let runs = 0;
    const answer = Promise.withResolvers<void>();
    const check = () => {
      runs += 1;
      return answer.promise;
    };
    using readiness = open({ checks: { slow: check }, timeoutMs: 5 });
    for (let i = 0; i < 3; i++) expect((await readiness.report()).ready).toBe(false);
    expect(runs).toBe(1);
    answer.resolve();
    expect((await readiness.report()).ready).toBe(true);
  });

  it("is not ready once it is stopped", async () => {
    using readiness = open({});
    readiness.stop();
    expect(await readiness.report()).toMatchObject({ ready: false });
  });
});

describe("readiness: what only some of the work needs", () => {
  it("degrades a part, reports since when, and stays ready", async () => {
    const { logger, lines } = createRecordedLogger();
    let reason: string | undefined;
    const temporal = () => (reason === undefined ? Promise.resolve() : fail(reason)());
    using readiness = open({ checks: { database: () => {} }, dependencies: { temporal }, logger });
    const read = async () => {
      expect(await readiness.report()).toEqual({ ready: true, failing: {} });
      return readiness.readParts();
    };
    const ok = { state: "ok", since: expect.any(String) };
    await expect.poll(read).toEqual({ database: ok, temporal: ok });
    const before = readiness.readParts();
    reason = "no server";
    await expect.poll(read).toMatchObject({ temporal: { state: "degraded" } });
    const { temporal: degraded, database } = await read();
    expect(await read()).toMatchObject({
      temporal: degraded,
      database: { since: database?.since },
    });
    expect(Date.parse(degraded?.since ?? "")).toBeGreaterThanOrEqual(
      Date.parse(before.temporal?.since ?? ""),
    );
    const warnings = lines.filter(({ msg }) => msg === "a part is degraded");
    expect(warnings).toMatchObject([{ part: "temporal", reason: "no server" }]);
  });

  it("does not wait for the check", async () => {
    using readiness = open({ dependencies: { slow: () => new Promise(() => {}) } });
    expect(await readiness.report()).toEqual({ ready: true, failing: {} });
    expect(readiness.readParts()).toMatchObject({ slow: { state: "degraded" } });
  });
});

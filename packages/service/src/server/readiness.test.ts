import { describe, expect, it } from "vitest";
import { createReadiness } from "./readiness.ts";

describe("createReadiness()", () => {
  it("is ready when every check passes", async () => {
    const readiness = createReadiness({ a: () => {}, b: async () => {} }, 1000);
    expect(await readiness.report()).toEqual({ ready: true, failing: {} });
  });

  it("names each check that fails, with the reason", async () => {
    const readiness = createReadiness(
      {
        good: () => {},
        database: () => Promise.reject(new Error("no connection to postgres://me:word@db")),
        bus() {
          throw new Error("no stream");
        },
        slow: () => new Promise(() => {}),
      },
      20,
    );
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
    const readiness = createReadiness({ counted: async () => void (runs += 1) }, 1000);
    await Promise.all([readiness.report(), readiness.report(), readiness.report()]);
    expect(runs).toBe(1);
    await readiness.report();
    expect(runs).toBe(2);
  });

  it("is not ready once it is stopped", async () => {
    const readiness = createReadiness({}, 1000);
    readiness.stop();
    expect(await readiness.report()).toMatchObject({ ready: false });
  });
});

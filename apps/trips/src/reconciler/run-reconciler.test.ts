import { createLogger } from "@fanfare/service";
import { describe, expect, it } from "vitest";
import { runReconciler } from "./run-reconciler.ts";

describe("runReconciler()", () => {
  it("continues after failures, and ends when its signal aborts", async () => {
    const controller = new AbortController();
    const logger = createLogger({ name: "reconciler-test", level: "silent" });
    let runs = 0;
    const reconcile = async () => {
      runs += 1;
      if (runs < 3) throw new Error("unavailable");
      controller.abort();
    };
    const options = { intervalMs: 1, maxIntervalMs: 4, logger };
    await runReconciler(controller.signal, reconcile, options);
    expect(runs).toBe(3);
  });
});

import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, it } from "vitest";
import { createContextRunner } from "./context-runner.ts";

describe("isolation", () => {
  it("runs each function in the context of the creation", async () => {
    const tenant = new AsyncLocalStorage<string>();
    const run = tenant.run("outer", createContextRunner);
    const seen: unknown[] = [];
    const enter = async (name: string) => {
      seen.push(tenant.getStore());
      tenant.enterWith(name);
      await Promise.resolve();
      seen.push(tenant.getStore());
    };
    await tenant.run("caller", async () => {
      await run(() => enter("a"));
      await run(() => enter("b"));
      seen.push(tenant.getStore());
    });
    expect(seen).toEqual(["outer", "a", "outer", "b", "caller"]);
    expect(tenant.getStore()).toBeUndefined();
  });
});

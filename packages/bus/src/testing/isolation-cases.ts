import { AsyncLocalStorage } from "node:async_hooks";
import { expect, it } from "vitest";
import {
  createCollector,
  createNotePublisher,
  range,
  subscribeRead,
  subscribeWritten,
} from "./notes.ts";
import type { SuiteContext } from "./suite-context.ts";

const backoff = { initialIntervalMs: 20, maxIntervalMs: 40 };

/** Registers the cases of isolation: no handler or listener affects another event. */
export function registerIsolationCases({ setUp }: SuiteContext): void {
  it.each(["synchronous", "asynchronous"])(
    "runs each %s handler in a clean async context, and its listeners",
    async (kind) => {
      await using env = await setUp();
      const bus = await env.openBus();
      const tenant = new AsyncLocalStorage<string>();
      const stores: unknown[] = [];
      const enter = (name: string) => {
        stores.push(tenant.getStore());
        tenant.enterWith(name);
      };
      const { seen, handler } = createCollector(({ number }, { attempt }) => {
        enter(`handler ${number}`);
        if (kind === "asynchronous") return Promise.reject(new Error("no"));
        if (attempt === 1) throw new Error("no");
        return undefined;
      });
      const subscription = await subscribeWritten(bus, "tenants", {
        handler,
        backoff,
        maxAttempts: 2,
        concurrency: 1,
        classify() {
          enter("classify");
          return undefined;
        },
        onFailure: () => enter("onFailure"),
      });
      const { noteWritten } = createNotePublisher(bus);
      await tenant.run("publisher", async () => {
        for (const number of range(3)) await noteWritten({ author: "ada", number });
      });
      await env.waitForCount(seen, 6);
      const { health } = { health: () => subscription.health() };
      await env.waitFor("the end", () => health().handled + health().deadLettered === 3);
      expect(new Set(stores)).toEqual(new Set([undefined]));
    },
  );

  it.each(["throws", "rejects"])("survives a listener that %s", async (how) => {
    await using env = await setUp();
    const bus = await env.openBus();
    const { seen, handler } = createCollector((_, { attempt }) => {
      if (attempt < 3) throw new Error("not now");
    });
    const broken = (): void | Promise<never> => {
      const reason = Object.create(null);
      if (how === "rejects") return Promise.reject(reason);
      throw reason;
    };
    const subscription = await subscribeRead(bus, "failing", {
      handler,
      backoff,
      // oxlint-disable-next-line typescript/no-misused-promises -- Users pass async listeners all the same.
      onFailure: broken,
    });
    await createNotePublisher(bus).noteRead({ number: 1 });
    await env.waitFor("the ack", () => subscription.health().handled === 1);
    expect(seen).toHaveLength(3);
  });
}

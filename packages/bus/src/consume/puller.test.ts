import { describe, expect, it } from "vitest";
import type { Broker, GroupDeclaration } from "../broker.ts";
import { BusError } from "../error.ts";
import { settlesWithin } from "../kit/settles-within.ts";
import { createManualClock } from "../memory/manual-clock.ts";
import { createMemoryBroker } from "../memory/memory-broker.ts";
import { createMemoryStore } from "../memory/memory-store.ts";
import { openPuller } from "./puller.ts";
import { createSubscriptionStatus } from "./subscription-status.ts";

const declaration: GroupDeclaration = {
  group: "readers",
  topics: ["notes.read"],
  from: "now",
  leaseDurationMs: 10_000,
};

const backoff = () => 1_000;

/** Opens a puller on a broker that records requests, and refuses to lease `refusals` times when asked. */
async function openTestPuller() {
  const clock = createManualClock();
  const broker = createMemoryBroker({ store: createMemoryStore({ clock }) });
  const requests: number[] = [];
  const test = { refusals: 0 };
  const recording: Broker = {
    ...broker,
    async lease(group, receive) {
      if (test.refusals-- > 0) throw new BusError("unavailable", "nobody answers");
      const stream = await broker.lease(group, receive);
      return {
        ...stream,
        request(count) {
          requests.push(count);
          stream.request(count);
        },
      };
    },
  };
  const status = createSubscriptionStatus();
  const options = { declaration, backoff, receive: () => {}, onLost: () => {}, status };
  return { puller: await openPuller(recording, options), requests, test, clock, status };
}

describe("openPuller()", () => {
  it("requests no more leases than there is room for", async () => {
    const { puller, requests } = await openTestPuller();
    for (const room of [3, 3, 2, 5]) puller.fill(room);
    expect(requests).toEqual([3, 2]);
  });

  it("requests nothing while paused, and all of it once resumed", async () => {
    const { puller, requests } = await openTestPuller();
    puller.fill(3);
    await puller.pause();
    puller.fill(3);
    await puller.resume();
    puller.fill(3);
    expect(requests).toEqual([3, 3]);
  });

  it("retries to resume with backoff", async () => {
    const { puller, test, clock, status } = await openTestPuller();
    await puller.pause();
    test.refusals = 2;
    const resumed = puller.resume();
    const inTime = settlesWithin(resumed, 1_999, { clock });
    await clock.advance(1_999);
    expect(await inTime).toBe(false);
    expect(status.lastError).toMatchObject({ code: "unavailable" });
    await clock.advance(1);
    await expect(resumed).resolves.toBeUndefined();
  });

  it("ends its retries when it is closed", async () => {
    const { puller, test, clock } = await openTestPuller();
    await puller.pause();
    test.refusals = Infinity;
    const resumed = puller.resume();
    await clock.advance(0);
    await puller.close();
    await expect(resumed).resolves.toBeUndefined();
  });
});

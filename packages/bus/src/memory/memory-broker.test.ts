import { describe } from "vitest";
import { testBroker } from "../testing/index.ts";
import { createMemoryBroker } from "./memory-broker.ts";
import { createMemoryStore } from "./memory-store.ts";

describe("parity: the memory broker", () => {
  const { features } = createMemoryStore();
  testBroker(
    features,
    async () => {
      const store = createMemoryStore();
      return {
        open: async () => createMemoryBroker({ store }),
        purgeTopic: async (topic, keep) => store.purge(topic, keep),
        advance: (ms) => store.clock.advance(ms),
        shiftWallClock: (ms) => store.clock.shiftWallClock(ms),
        async [Symbol.asyncDispose]() {},
      };
    },
    { long: true },
  );
});

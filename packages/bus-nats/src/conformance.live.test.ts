import { testBroker } from "@fanfare/bus/testing";
import type { Nats } from "@fanfare/dev-stack";
import { afterAll, beforeAll, describe } from "vitest";
import { openAdmin } from "../test/admin.ts";
import { startOwnNats } from "../test/nats-server.ts";
import { openBroker } from "../test/open-broker.ts";
import { formatConsumerName, formatStreamName } from "./wire/subject.ts";

const long = process.env.FANFARE_SUITE === "long";

describe("parity: the JetStream broker", { timeout: 60_000 }, () => {
  let nats: Nats;
  let stores = 0;
  beforeAll(async () => {
    nats = await startOwnNats();
  }, 120_000);
  afterAll(() => nats?.stop());

  const dedupeWindowMs = 2_000;
  const features = { durable: true, dedupeWindowMs, maxRecordBytes: 1_048_576, maxBatch: 1_000 };
  testBroker(
    features,
    async () => {
      const prefix = `store${(stores += 1)}`;
      const servers = nats.url;
      return {
        open: async () => openBroker({ servers, prefix, streams: { dedupeWindowMs } }),
        async restart() {
          await nats.kill();
          await nats.start();
        },
        async deleteGroup(group, topic) {
          await using admin = await openAdmin(servers);
          await admin.consumers.delete(formatStreamName(prefix, topic), formatConsumerName(group));
        },
        async purgeTopic(topic, keep) {
          await using admin = await openAdmin(servers);
          await admin.streams.purge(formatStreamName(prefix, topic), { keep });
        },
        async deleteTopic(topic) {
          await using admin = await openAdmin(servers);
          await admin.streams.delete(formatStreamName(prefix, topic));
        },
        // Keeping events for less long deletes some.
        openConflicting: async () =>
          openBroker({ servers, prefix, streams: { dedupeWindowMs, maxAgeMs: 60_000 } }),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      };
    },
    { long },
  );
});

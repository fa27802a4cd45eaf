import { testBroker } from "@fanfare/bus/testing";
import type { Nats } from "@fanfare/dev-stack";
import { afterAll, beforeAll, describe } from "vitest";
import { ownNats } from "../test/nats-server.ts";
import { openBroker } from "../test/open-broker.ts";

describe("the JetStream broker conforms", { timeout: 60_000 }, () => {
  let nats: Nats;
  let stores = 0;
  beforeAll(async () => {
    nats = await ownNats();
  }, 120_000);
  afterAll(() => nats?.stop());

  const dedupeWindowMs = 2_000;
  const features = { durable: true, dedupeWindowMs, maxRecordBytes: 1_048_576 };
  testBroker(features, async () => {
    const prefix = `store${(stores += 1)}`;
    return {
      open: async () => openBroker({ servers: nats.url, prefix, streams: { dedupeWindowMs } }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  });
});

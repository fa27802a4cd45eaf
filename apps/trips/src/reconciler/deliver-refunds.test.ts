import { createLogger } from "@fanfare/service";
import { expect, it } from "vitest";
import type { RefundRow } from "../registry/tables.ts";
import type { Reply } from "../temporal/trip-workflows.ts";
import { deliverRefunds } from "./deliver-refunds.ts";

const logger = createLogger({ name: "refunds-test", level: "silent" });

function createRow(refundId: string): RefundRow {
  return {
    refund_id: refundId,
    trip_id: "7f2cbb0c-8f0e-4b8e-9d0c-3f1f6a3c0b11",
    minor_units: "50",
    currency: "EUR",
    state: "REQUESTED",
    refusal: null,
    requested_at: new Date("2026-05-01T10:03:00.000Z"),
    refunded_at: null,
    total_refunded: null,
    deliver_at: new Date("2026-05-01T10:03:02.000Z"),
    deliveries: 1,
  };
}

it("starts the workflow of each refund that is due, and one that gets no answer delays no other", async () => {
  const started: string[] = [];
  const waiting = Promise.withResolvers<Reply<"started">>();
  await deliverRefunds(
    new AbortController().signal,
    {
      refunds: { claim: async (limit) => ["one", "two"].slice(0, limit).map(createRow) },
      refundWorkflows: {
        async start({ refund_id }) {
          started.push(refund_id);
          if (refund_id === "one") return await waiting.promise;
          waiting.resolve({ kind: "unavailable", cause: new Error("down") });
          return { kind: "answered", outcome: "started" };
        },
      },
      logger,
    },
    { batchSize: 10 },
  );
  expect(started).toEqual(["one", "two"]);
});

import type { ConsumerConfig } from "@nats-io/jetstream";
import { describe, expect, it } from "vitest";
import { consumerDrift } from "./consumer-drift.ts";

const wanted: ConsumerConfig = {
  durable_name: "readers",
  metadata: { "fanfare.group": "readers" },
  filter_subjects: ["a", "b"],
  ack_policy: "explicit",
  ack_wait: 5,
  max_ack_pending: 10,
  max_deliver: -1,
  replay_policy: "instant",
  deliver_policy: "new",
};

describe("consumerDrift()", () => {
  it("does not look at the place, nor at the order of subjects", () => {
    const found: ConsumerConfig = {
      ...wanted,
      deliver_policy: "all",
      filter_subjects: ["b", "a"],
      metadata: { mine: "1" },
    };
    const { differences, refused } = consumerDrift(found, wanted);
    expect([differences, refused]).toEqual([[], []]);
  });

  it("updates what can be updated", () => {
    const found = { ...wanted, ack_wait: 6, max_deliver: 3, metadata: { mine: "1" } };
    const { update, differences } = consumerDrift(found, wanted);
    expect(differences).toEqual([
      "ack_wait is 6 and is to be 5",
      "max_deliver is 3 and is to be -1",
    ]);
    expect(update).toMatchObject({
      ack_wait: 5,
      max_deliver: -1,
      metadata: { mine: "1", "fanfare.group": "readers" },
    });
  });

  it("refuses what cannot", () => {
    const found: ConsumerConfig = { ...wanted, ack_policy: "all", deliver_subject: "here" };
    expect(consumerDrift(found, wanted).refused).toEqual([
      'ack_policy is "all" and is to be "explicit"',
      'deliver_subject is "here" and is to be absent',
    ]);
  });
});

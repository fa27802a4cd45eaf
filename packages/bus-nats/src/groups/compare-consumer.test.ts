import type { ConsumerConfig } from "@nats-io/jetstream";
import { describe, expect, it } from "vitest";
import { compareConsumer } from "./compare-consumer.ts";

const expected: ConsumerConfig = {
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

describe("compareConsumer()", () => {
  it("ignores the start position and the order of subjects", () => {
    const found: ConsumerConfig = {
      ...expected,
      deliver_policy: "all",
      filter_subjects: ["b", "a"],
      metadata: { mine: "1" },
    };
    const { differences, refused } = compareConsumer(found, expected);
    expect([differences, refused]).toEqual([[], []]);
  });

  it("updates what JetStream can update", () => {
    const found = { ...expected, ack_wait: 6, max_deliver: 3, metadata: { mine: "1" } };
    const { update, differences } = compareConsumer(found, expected);
    expect(differences).toEqual(["ack_wait is 6, expected 5", "max_deliver is 3, expected -1"]);
    expect(update).toMatchObject({
      ack_wait: 5,
      max_deliver: -1,
      metadata: { mine: "1", "fanfare.group": "readers" },
    });
  });

  it("refuses what JetStream cannot update", () => {
    const found: ConsumerConfig = { ...expected, ack_policy: "all", deliver_subject: "here" };
    expect(compareConsumer(found, expected).refused).toEqual([
      'ack_policy is "all", expected "explicit"',
      'deliver_subject is "here", expected absent',
    ]);
  });
});

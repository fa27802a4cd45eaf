import { describe } from "vitest";
import type { BrokerFeatures } from "../broker.ts";
import { ackCases } from "./ack-cases.ts";
import type { BrokerFixture } from "./broker-fixture.ts";
import { deadLetterCases } from "./dead-letter-cases.ts";
import { dedupeCases } from "./dedupe-cases.ts";
import { dependencyUnavailableCases } from "./dependency-unavailable-cases.ts";
import { driftCases } from "./drift-cases.ts";
import { groupCases } from "./group-cases.ts";
import { loadCases } from "./load-cases.ts";
import { orderCases } from "./order-cases.ts";
import { publishAllCases } from "./publish-all-cases.ts";
import { publishCases } from "./publish-cases.ts";
import { recoveryCases } from "./recovery-cases.ts";
import { replayCases } from "./replay-cases.ts";
import { retryCases } from "./retry-cases.ts";
import { rollingRestartCases } from "./rolling-restart-cases.ts";
import { slowHandlerCases } from "./slow-handler-cases.ts";
import { statsCases } from "./stats-cases.ts";
import { stopCases } from "./stop-cases.ts";
import type { SuiteContext } from "./suite-context.ts";
import { createTestEnvironment } from "./test-environment.ts";
import { topicCases } from "./topic-cases.ts";

const timeout = 180_000;

export interface SuiteOptions {
  /**
   * Whether the cases that carry much do so in full: 10,000 events by 100 publishers, 1,000 groups.
   * Without it they carry a tenth to a fifth. Default: false.
   */
  readonly long?: boolean;
}

/**
 * testBroker registers the conformance suite with vitest. `createStore` makes an empty store, for
 * each case another. What `features` lack, and what the store cannot do, is skipped by name.
 */
export function testBroker(
  features: BrokerFeatures,
  createStore: () => Promise<BrokerFixture>,
  { long = false }: SuiteOptions = {},
): void {
  const context: SuiteContext = {
    features,
    setUp: () => createTestEnvironment(createStore),
    pickCount: (full, short) => (long ? full : short),
  };
  describe("topic", { timeout }, () => {
    topicCases(context);
  });
  describe("stored", { timeout }, () => {
    publishCases(context);
    publishAllCases(context);
  });
  describe.skipIf(features.dedupeWindowMs === undefined)("once stored", { timeout }, () => {
    dedupeCases(context);
  });
  describe("groups", { timeout }, () => {
    groupCases(context);
  });
  describe("ack", { timeout }, () => {
    ackCases(context);
  });
  describe("retry", { timeout }, () => {
    retryCases(context);
  });
  describe("outages", { timeout }, () => {
    dependencyUnavailableCases(context);
  });
  describe("dead letters", { timeout }, () => {
    deadLetterCases(context);
    replayCases(context);
  });
  describe("order", { timeout }, () => {
    orderCases(context);
  });
  describe("slow handlers", { timeout }, () => {
    slowHandlerCases(context);
  });
  describe("stop", { timeout }, () => {
    stopCases(context);
  });
  describe("turnover", { timeout }, () => {
    rollingRestartCases(context);
  });
  describe("drift", { timeout }, () => {
    driftCases(context);
  });
  describe("recovery", { timeout }, () => {
    recoveryCases(context);
  });
  describe("load", { timeout }, () => {
    loadCases(context);
  });
  describe("stats", { timeout }, () => {
    statsCases(context);
  });
}

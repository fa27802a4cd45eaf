import { describe } from "vitest";
import type { BrokerFeatures } from "../broker.ts";
import { registerAckCases } from "./ack-cases.ts";
import { registerAttributeCases } from "./attribute-cases.ts";
import type { BrokerFixture } from "./broker-fixture.ts";
import { registerDataLossCases } from "./data-loss-cases.ts";
import { registerDeadLetterCases } from "./dead-letter-cases.ts";
import { registerDedupeCases } from "./dedupe-cases.ts";
import { registerDependencyUnavailableCases } from "./dependency-unavailable-cases.ts";
import { registerDriftCases } from "./drift-cases.ts";
import { registerFairnessCases } from "./fairness-cases.ts";
import { registerGroupCases } from "./group-cases.ts";
import { registerIsolationCases } from "./isolation-cases.ts";
import { registerLoadCases } from "./load-cases.ts";
import { registerOrderCases } from "./order-cases.ts";
import { registerPoisonCases } from "./poison-cases.ts";
import { registerPortableCases } from "./portable-cases.ts";
import { registerPublishAllCases } from "./publish-all-cases.ts";
import { registerPublishCases } from "./publish-cases.ts";
import { registerRecoveryCases } from "./recovery-cases.ts";
import { registerReplayCases } from "./replay-cases.ts";
import { registerRetryCases } from "./retry-cases.ts";
import { registerRollingRestartCases } from "./rolling-restart-cases.ts";
import { registerSlowHandlerCases } from "./slow-handler-cases.ts";
import { registerStatsCases } from "./stats-cases.ts";
import { registerStopCases } from "./stop-cases.ts";
import type { SuiteContext } from "./suite-context.ts";
import { createTestEnvironment } from "./test-environment.ts";
import { registerTopicCases } from "./topic-cases.ts";
import { registerVerdictCases } from "./verdict-cases.ts";

const timeout = 180_000;

/** How the suite runs. */
export interface SuiteOptions {
  /**
   * Runs the cases under load in full: 10,000 events from 100 publishers, 1,000 groups. Otherwise they
   * use a tenth to a fifth of that. Default: false.
   */
  readonly long?: boolean;
}

/**
 * Registers the conformance suite of brokers with vitest. Call it within a `describe`.
 *
 * `features` are those of the broker. `createFixture` creates an empty fixture for each case. Cases
 * that need a missing feature, or a hook that the fixture lacks, are skipped and give the reason.
 *
 * @example
 * ```ts
 * import { describe } from "vitest";
 *
 * describe("my broker", () => {
 *   testBroker({ durable: true, dedupeWindowMs: 2_000, maxRecordBytes: 1_048_576 }, async () => {
 *     const server = await startMyServer();
 *     return {
 *       open: () => openMyBroker(server),
 *       restart: () => server.restart(),
 *       [Symbol.asyncDispose]: () => server.stop(),
 *     };
 *   });
 * });
 * ```
 */
export function testBroker(
  features: BrokerFeatures,
  createFixture: () => Promise<BrokerFixture>,
  { long = false }: SuiteOptions = {},
): void {
  const context: SuiteContext = {
    features,
    setUp: () => createTestEnvironment(createFixture),
    pickCount: (full, short) => (long ? full : short),
  };
  describe("topic", { timeout }, () => {
    registerTopicCases(context);
  });
  describe("stored", { timeout }, () => {
    registerPublishCases(context);
    registerPublishAllCases(context);
    registerPortableCases(context);
    registerAttributeCases(context);
  });
  describe.skipIf(features.dedupeWindowMs === undefined)("once stored", { timeout }, () => {
    registerDedupeCases(context);
  });
  describe("groups", { timeout }, () => {
    registerGroupCases(context);
    registerDataLossCases(context);
    registerRollingRestartCases(context);
  });
  describe("ack, nak", { timeout }, () => {
    registerAckCases(context);
  });
  describe("retry", { timeout }, () => {
    registerRetryCases(context);
  });
  describe("verdict", { timeout }, () => {
    registerVerdictCases(context);
  });
  describe("isolation", { timeout }, () => {
    registerIsolationCases(context);
  });
  describe("dependency unavailable", { timeout }, () => {
    registerDependencyUnavailableCases(context);
  });
  describe("dead letters", { timeout }, () => {
    registerDeadLetterCases(context);
    registerPoisonCases(context);
    registerReplayCases(context);
  });
  describe("order", { timeout }, () => {
    registerOrderCases(context);
  });
  describe("fairness", { timeout }, () => {
    registerFairnessCases(context);
  });
  describe("slow handlers", { timeout }, () => {
    registerSlowHandlerCases(context);
  });
  describe("stop", { timeout }, () => {
    registerStopCases(context);
  });
  describe("drift", { timeout }, () => {
    registerDriftCases(context);
  });
  describe("recovery", { timeout }, () => {
    registerRecoveryCases(context);
  });
  describe("load", { timeout }, () => {
    registerLoadCases(context);
  });
  describe("stats", { timeout }, () => {
    registerStatsCases(context);
  });
}

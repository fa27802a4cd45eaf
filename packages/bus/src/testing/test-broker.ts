import { describe } from "vitest";
import type { BrokerFeatures } from "../broker.ts";
import type { BrokerStore } from "./broker-store.ts";
import { deadLetterCases } from "./dead-letter-cases.ts";
import { dedupeCases } from "./dedupe-cases.ts";
import { groupCases } from "./group-cases.ts";
import { orderCases } from "./order-cases.ts";
import { outageCases } from "./outage-cases.ts";
import { publishCases } from "./publish-cases.ts";
import { replayCases } from "./replay-cases.ts";
import { retryCases } from "./retry-cases.ts";
import { slowHandlerCases } from "./slow-handler-cases.ts";
import { createStage } from "./stage.ts";
import { stopCases } from "./stop-cases.ts";
import type { SuiteContext } from "./suite-context.ts";

const timeout = 90_000;

/**
 * testBroker registers the conformance suite with vitest. `createStore` makes an empty store, for
 * each case another. What `features` lack is skipped by name.
 */
export function testBroker(
  features: BrokerFeatures,
  createStore: () => Promise<BrokerStore>,
): void {
  const context: SuiteContext = { features, stageOf: () => createStage(createStore) };
  describe("publish", { timeout }, () => {
    publishCases(context);
  });
  describe.skipIf(features.dedupeWindowMs === undefined)("dedupe", { timeout }, () => {
    dedupeCases(context);
  });
  describe("groups", { timeout }, () => {
    groupCases(context);
  });
  describe("retry", { timeout }, () => {
    retryCases(context);
  });
  describe("outages", { timeout }, () => {
    outageCases(context);
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
}

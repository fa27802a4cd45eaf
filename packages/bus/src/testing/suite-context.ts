import type { BrokerFeatures } from "../broker.ts";
import type { Stage } from "./stage.ts";

/** SuiteContext is what the cases are written against. */
export interface SuiteContext {
  readonly features: BrokerFeatures;
  /** Makes an empty stage. */
  readonly stageOf: () => Promise<Stage>;
}

import { BusError } from "@fanfare/bus";
import type { GroupChange } from "../groups/declare-consumer.ts";
import type { TopicChange } from "../streams/topic-streams.ts";

/** Throws `drift` with the differences when one of the changes is refused. */
export function checkPlan(plan: readonly (TopicChange | GroupChange)[], kind: string): void {
  const refused = plan.filter(({ action }) => action === "refuse");
  if (refused.length === 0) return;
  const reasons = refused.map(({ stream, differences }) => `${stream}: ${differences.join("; ")}`);
  throw new BusError(
    "drift",
    `nothing is provisioned, because ${kind} differ: ${reasons.join(". ")}`,
  );
}

import { proxyActivities } from "@temporalio/workflow";

const { nothing } = proxyActivities<{ nothing(): Promise<void> }>({ startToCloseTimeout: "5s" });

/** Runs this many activities that do nothing, one after the other. */
export async function bare(activities: number): Promise<void> {
  for (let made = 0; made < activities; made += 1) await nothing();
}

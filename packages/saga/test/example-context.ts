import { proxyActivities, proxyLocalActivities } from "@temporalio/workflow";
import { addCodecKey, type CodecKeys, parseCodecKeys } from "../src/codec/index.ts";
import type { ParkedStep } from "../src/index.ts";

interface ExampleActivities {
  holdSeats(order: string): Promise<void>;
  freeSeats(order: string): Promise<void>;
  printTickets(order: string): Promise<string>;
  sendNotice(text: string): Promise<void>;
  callOperator(parked: readonly ParkedStep[]): Promise<void>;
}

/** The activities that the examples of the doc comments call. */
export const activities = proxyActivities<ExampleActivities>({ startToCloseTimeout: "5s" });

/** The same activities, run within the workflow task. */
export const localActivities = proxyLocalActivities<ExampleActivities>({
  scheduleToCloseTimeout: "2s",
  retry: { maximumAttempts: 1 },
});

/** The keys that the examples of the codec use. */
export const keys: CodecKeys = parseCodecKeys(addCodecKey());

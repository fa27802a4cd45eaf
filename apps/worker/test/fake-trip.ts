import type { Amount } from "@fanfare/trip-contract";
import type { BroadcastState, Cancellation, CompletedTrip } from "../src/trip-activities.ts";

/** The state of one trip in the fake services. */
export interface FakeTrip {
  /** The statuses of the registry, in their order. */
  readonly statuses: string[];
  readonly versions: number[];
  readonly delays: string[];
  /** The last version of a delay. Delays are recorded beside the steps. */
  delayVersion: number;
  readonly broadcasts: BroadcastState[];
  readonly published: CompletedTrip[];
  /** All attempts: the activity and its step. */
  readonly calls: string[];
  /** The number of running attempts. */
  running: number;
  /** The compensated steps, whose late copies are refused. */
  readonly tombstones: Set<string>;
  readonly charges: Map<string, Amount>;
  resolvedSteps: readonly string[];
  startedAt?: string;
  /** The cancellation is recorded, and no update has delivered it. */
  cancelRequested?: true;
  /** What is left of the grace when the registry is asked, each time. Default: it is over. */
  graceLeftMs?: number[];
  graceOver?: true;
  /** The recorded request to end the drive. */
  endRequestedAt?: string;
  settled?: Amount;
  compensation?: Cancellation;
  refusal?: { code: string; message: string; step: string };
  reason?: string;
  vehicle?: string;
  tab?: { limit: Amount; state: "open" | "void" | "captured" };
}

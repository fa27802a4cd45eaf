import { BusError, type GroupDeclaration } from "@fanfare/bus";
import { createDeadline, type Deadline } from "../deadline.ts";
import type { Settings } from "../settings.ts";
import type { Groups } from "./groups.ts";

/** Recreates the consumer of a group on one topic when it is deleted, where `provision` allows it. */
export interface ConsumerRecovery {
  /** Why the last attempt failed; undefined after a success. */
  readonly error: BusError | undefined;
  /** Starts to create the consumer again, unless an attempt is running. */
  restore(): void;
  /** Starts to read the consumer's acknowledgement floor. Call it every few seconds. */
  confirm(): void;
}

/** Creates the recovery of one consumer. */
export function createConsumerRecovery(
  { groups, settings }: { readonly groups: Groups; readonly settings: Settings },
  group: GroupDeclaration,
  topic: string,
): ConsumerRecovery {
  const tracker = groups.getAckTracker(group.group, topic);
  let error: BusError | undefined;
  let isRunning = false;

  const run = async (task: (deadline: Deadline) => Promise<void>) => {
    isRunning = true;
    try {
      await task(createDeadline(settings.requestTimeoutMs));
      error = undefined;
    } catch (reason) {
      error = BusError.from(reason);
    } finally {
      isRunning = false;
    }
  };

  return {
    get error() {
      return error;
    },
    restore() {
      if (!settings.provision || isRunning) return;
      void run((deadline) => groups.restore(group, topic, deadline));
    },
    confirm() {
      if (!settings.provision || isRunning || !tracker.hasUnconfirmed) return;
      void run((deadline) => groups.confirm(group.group, topic, deadline));
    },
  };
}

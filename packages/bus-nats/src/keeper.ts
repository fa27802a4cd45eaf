import { BusError, type GroupDeclaration } from "@fanfare/bus";
import type { Groups } from "./groups.ts";
import type { Settings } from "./settings.ts";

/** Keeper sees to it that a group's consumer in one topic is there, where this process may. */
export interface Keeper {
  /** Why the consumer could not be made again. */
  readonly error: BusError | undefined;
  /** Makes the consumer again. */
  restore(): void;
  /** Writes down how far the consumer has come. To be called every few seconds. */
  check(): void;
}

export function openKeeper(
  deps: { readonly groups: Groups; readonly settings: Settings },
  group: GroupDeclaration,
  topic: string,
): Keeper {
  const { groups, settings } = deps;
  const place = groups.place(group.group, topic);
  let error: BusError | undefined;
  let busy = false;

  const run = async (task: (until: { readonly deadlineAt: number }) => Promise<void>) => {
    busy = true;
    try {
      await task({ deadlineAt: Date.now() + settings.requestTimeoutMs });
      error = undefined;
    } catch (reason) {
      error = BusError.from(reason);
    } finally {
      busy = false;
    }
  };

  return {
    get error() {
      return error;
    },
    restore() {
      if (settings.provision && !busy) void run((until) => groups.restore(group, topic, until));
    },
    check() {
      const due = settings.provision && place.unconfirmed && !busy;
      if (due) void run((until) => groups.confirm(group.group, topic, until));
    },
  };
}

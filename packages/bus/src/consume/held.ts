import type { Lease } from "../broker.ts";
import { readKey } from "../wire/read-header.ts";
import type { Attempt } from "./attempt.ts";
import type { Binding } from "./event-router.ts";

/** Held is an event that is leased to this process. */
export interface Held {
  readonly lane: string;
  readonly lease: Lease;
  readonly binding: Binding;
  /** Which attempt is made, or comes next: from 1. */
  attempt: number;
  running: Attempt | undefined;
  /** Set as soon as the lease is being settled, whatever the handler still does. */
  settlement: Promise<void> | undefined;
}

/** hold makes an event of a lease. */
export function hold(
  lease: Lease,
  { binding, attempt }: { readonly binding: Binding; readonly attempt: number },
): Held {
  const lane = laneOf(lease);
  return { lane, lease, binding, attempt, running: undefined, settlement: undefined };
}

/** isKeyed says whether others may have to wait for the event. */
export function isKeyed({ lease }: Held): boolean {
  return readKey(lease.record) !== undefined;
}

/** inOrder sorts events as they were stored. */
export function inOrder(items: Held[]): Held[] {
  return items.toSorted((a, b) => a.lease.record.sequence - b.lease.record.sequence);
}

/**
 * laneOf names what may not run at the same time: events of one topic and key; without a key, the
 * deliveries of one event.
 */
function laneOf({ record }: Lease): string {
  const key = readKey(record);
  return key === undefined ? `${record.topic}#${record.sequence}` : `${record.topic}\n${key}`;
}

import type { Lease } from "../broker.ts";
import { readKey } from "../wire/read-header.ts";
import type { Attempt } from "./attempt.ts";
import type { Binding } from "./event-router.ts";

/**
 * The state of an event in this process. It begins "queued" and ends "settled":
 *
 *     queued → handling → (delayed → handling)* → (counting | dead-lettering →) settling → settled
 */
export type InFlightState =
  /** Waits for its key, or for a free handler. */
  | { readonly kind: "queued" }
  /** Its handler runs. */
  | Attempt
  /** Waits in this process for its next attempt. */
  | { readonly kind: "delayed" }
  /** Its failure is being counted. `done` includes settling. */
  | { readonly kind: "counting"; readonly done: Promise<void> }
  /** Its dead letter is being stored. `done` includes settling. */
  | { readonly kind: "dead-lettering"; readonly done: Promise<void> }
  /** The broker is ending its lease. A handler that exceeded its timeout may still run. */
  | { readonly kind: "settling"; readonly done: Promise<void> }
  /** Its lease was ended synchronously. */
  | { readonly kind: "settled" };

/** An event that is leased to this process. */
export interface InFlightEvent {
  /** Events with the same queue key are handled one after another. */
  readonly queueKey: string;
  readonly lease: Lease;
  readonly binding: Binding;
  /** The current attempt, or the next one: from 1. */
  attempt: number;
  /** The failures that the broker has counted; undefined until they are read. */
  failures: number | undefined;
  /** Changed by the functions of this module alone. */
  state: InFlightState;
}

const queued: InFlightState = { kind: "queued" };
const delayed: InFlightState = { kind: "delayed" };
const settled: InFlightState = { kind: "settled" };

/** Creates the in-flight event of a lease. */
export function createInFlightEvent(
  lease: Lease,
  { binding }: { readonly binding: Binding },
): InFlightEvent {
  // Failures were counted before this delivery, if at all.
  const failures = lease.deliveries === 1 ? 0 : undefined;
  return { queueKey: createQueueKey(lease), lease, binding, attempt: 1, failures, state: queued };
}

/** Marks an event as handled by an attempt. */
export function markHandling(event: InFlightEvent, attempt: Attempt): void {
  event.state = attempt;
}

/** Marks an event as waiting for its next attempt in this process. */
export function markDelayed(event: InFlightEvent): void {
  event.state = delayed;
}

/** Marks an event as failed, its failure being counted. */
export function markCounting(event: InFlightEvent, done: Promise<void>): void {
  event.state = { kind: "counting", done };
}

/** Marks an event as being dead-lettered. */
export function markDeadLettering(event: InFlightEvent, done: Promise<void>): void {
  event.state = { kind: "dead-lettering", done };
}

/** Marks an event as settling, or as settled when there is nothing to wait for. */
export function markSettling(event: InFlightEvent, done: Promise<void> | undefined): void {
  event.state = done === undefined ? settled : { kind: "settling", done };
}

/** Returns whether this process decides on the event: its verdict is not out yet. */
export function isUndecided({ state }: InFlightEvent): boolean {
  return state.kind === "queued" || state.kind === "handling" || state.kind === "delayed";
}

/** Returns whether this process has to extend the event's lease. */
export function needsHeartbeat(event: InFlightEvent): boolean {
  const { kind } = event.state;
  return isUndecided(event) || kind === "counting" || kind === "dead-lettering";
}

/** Returns the promise of an event that is being settled, or soon will be; otherwise undefined. */
export function getSettlement({ state }: InFlightEvent): Promise<void> | undefined {
  return "done" in state ? state.done : undefined;
}

/** Returns whether an event has a key, so that others may have to wait for it. */
export function isKeyed({ lease }: InFlightEvent): boolean {
  return readKey(lease.record) !== undefined;
}

/** Returns the events in the order of their sequence. */
export function sortBySequence(events: readonly InFlightEvent[]): InFlightEvent[] {
  return events.toSorted((a, b) => a.lease.record.sequence - b.lease.record.sequence);
}

/** Names the events that may not be handled at a time: those of a key, or deliveries of one event. */
function createQueueKey({ record }: Lease): string {
  const key = readKey(record);
  return key === undefined ? `${record.topic}#${record.sequence}` : `${record.topic}\n${key}`;
}

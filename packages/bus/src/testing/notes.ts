import type { EventBus } from "../bus.ts";
import type { Delivery } from "../consume/delivery.ts";
import type { EventHandler } from "../consume/event-handler.ts";
import type { SubscribeOptions } from "../consume/subscribe-options.ts";
import type { Subscription } from "../consume/subscription.ts";
import {
  type Note,
  NoteEvents,
  type NoteSchema,
} from "../gen/fanfare/testing/v1/note_events_pb.ts";
import { createPublisher, type Publisher } from "../publish/create-publisher.ts";

/** One call of a handler. */
export interface SeenNote {
  readonly note: Note;
  readonly delivery: Delivery;
}

/** A handler of any event of the suite. */
export type NoteHandler = EventHandler<typeof NoteSchema>;

/** The handler of a subscription, and its options. */
export interface SubscribeNotesOptions extends SubscribeOptions {
  readonly handler: NoteHandler;
}

/** Creates a publisher of the events with the message Note. */
export function createNotePublisher(bus: EventBus): Publisher<typeof NoteEvents> {
  return createPublisher(NoteEvents, bus);
}

/** Subscribes a group to NoteWritten, whose key is the author. */
export function subscribeWritten(
  bus: EventBus,
  group: string,
  { handler, ...options }: SubscribeNotesOptions,
): Promise<Subscription> {
  return bus.subscribe(group, (on) => on.service(NoteEvents, { noteWritten: handler }), options);
}

/** Subscribes a group to NoteRead, which has no key. */
export function subscribeRead(
  bus: EventBus,
  group: string,
  { handler, ...options }: SubscribeNotesOptions,
): Promise<Subscription> {
  return bus.subscribe(group, (on) => on.service(NoteEvents, { noteRead: handler }), options);
}

/** Creates a handler that records its calls, then calls `next`. */
export function createCollector(next?: NoteHandler): {
  readonly seen: SeenNote[];
  readonly handler: NoteHandler;
} {
  const seen: SeenNote[] = [];
  return {
    seen,
    handler(note, delivery) {
      seen.push({ note, delivery });
      return next?.(note, delivery);
    },
  };
}

/** Returns the numbers of the notes, in the order in which they were handled. */
export function getNumbers(seen: readonly SeenNote[]): number[] {
  return seen.map(({ note }) => note.number);
}

/** Returns the numbers of the notes, ascending. */
export function getSortedNumbers(seen: readonly SeenNote[]): number[] {
  return getNumbers(seen).toSorted((a, b) => a - b);
}

/** Returns the numbers from 0 to `count - 1`. */
export function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** Publishes `count` events each of NoteWritten and NoteRead, numbered from `from`, at most 500 at a time. */
export async function publishNotes(
  bus: EventBus,
  count: number,
  { from = 0 }: { readonly from?: number } = {},
): Promise<void> {
  const { noteWritten, noteRead } = createNotePublisher(bus);
  for (let sent = 0; sent < count; sent += 250) {
    const batch = range(Math.min(250, count - sent)).map((index) => from + sent + index);
    await Promise.all(
      batch.flatMap((number) => [
        noteWritten({ author: `author-${number % 10}`, number }),
        noteRead({ number }),
      ]),
    );
  }
}

/** Rejects when the signal aborts. */
export function waitForAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("aborted")));
  });
}

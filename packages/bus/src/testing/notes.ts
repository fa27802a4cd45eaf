import type { Delivery, EventBus, EventHandler, SubscribeOptions, Subscription } from "../bus.ts";
import {
  type Note,
  NoteEvents,
  type NoteSchema,
} from "../gen/fanfare/testing/v1/note_events_pb.ts";
import { createPublisher, type Publisher } from "../publish/publisher.ts";

/** Seen is what a handler was called with. */
export interface Seen {
  readonly note: Note;
  readonly delivery: Delivery;
}

/** NoteHandler handles any of the suite's events. */
export type NoteHandler = EventHandler<typeof NoteSchema>;

export interface TakeOptions extends SubscribeOptions {
  readonly handler: NoteHandler;
}

/** publisherOf publishes notes on a bus. */
export function publisherOf(bus: EventBus): Publisher<typeof NoteEvents> {
  return createPublisher(NoteEvents, bus);
}

/** takeWritten subscribes a group to NoteWritten, whose key is the author. */
export function takeWritten(
  bus: EventBus,
  group: string,
  { handler, ...options }: TakeOptions,
): Promise<Subscription> {
  return bus.subscribe(group, (on) => on.service(NoteEvents, { noteWritten: handler }), options);
}

/** takeRead subscribes a group to NoteRead, which has no key. */
export function takeRead(
  bus: EventBus,
  group: string,
  { handler, ...options }: TakeOptions,
): Promise<Subscription> {
  return bus.subscribe(group, (on) => on.service(NoteEvents, { noteRead: handler }), options);
}

/** createCollector makes a handler that keeps what it sees, then does what `next` does. */
export function createCollector(next?: NoteHandler): {
  readonly seen: Seen[];
  readonly handler: NoteHandler;
} {
  const seen: Seen[] = [];
  return {
    seen,
    handler(note, delivery) {
      seen.push({ note, delivery });
      return next?.(note, delivery);
    },
  };
}

/** numbersOf are the numbers of the notes seen, as they came. */
export function numbersOf(seen: readonly Seen[]): number[] {
  return seen.map(({ note }) => note.number);
}

/** sortedNumbersOf are the numbers of the notes seen, ascending. */
export function sortedNumbersOf(seen: readonly Seen[]): number[] {
  return numbersOf(seen).toSorted((a, b) => a - b);
}

/** upTo are the numbers from 0 to below `count`. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** publishAll stores `count` events of each topic, numbered from `from` on, at most 500 in flight. */
export async function publishAll(
  bus: EventBus,
  count: number,
  { from = 0 }: { readonly from?: number } = {},
): Promise<void> {
  const { noteWritten, noteRead } = publisherOf(bus);
  for (let sent = 0; sent < count; sent += 250) {
    const batch = upTo(Math.min(250, count - sent)).map((index) => from + sent + index);
    await Promise.all(
      batch.flatMap((number) => [
        noteWritten({ author: `author-${number % 10}`, number }),
        noteRead({ number }),
      ]),
    );
  }
}

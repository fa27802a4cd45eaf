import type { Message } from "@bufbuild/protobuf";
import type { Delivery } from "./consume/delivery.ts";
import type { EventMethod } from "./event-method.ts";
import type { PublishOptions } from "./publish/publish-options.ts";
import type { PublishResult } from "./publish/publish-result.ts";

/**
 * An interceptor around publishing and handling, like Connect's. Each part takes the next function and
 * returns the one that is called in its place. Interceptors form an onion: the first is outermost, so a
 * publish passes them from the first to the last, and its result from the last to the first.
 *
 * @example
 * const logging: Interceptor = {
 *   publish: (next) => async (call) => {
 *     const result = await next(call);
 *     console.log(`published ${result.id} to ${result.topic}`);
 *     return result;
 *   },
 *   handle: (next) => async (call) => {
 *     console.log(`handling ${call.delivery.id}, attempt ${call.delivery.attempt}`);
 *     await next(call);
 *   },
 * };
 */
export interface Interceptor {
  /**
   * Wraps each publish. It may change the message and the options, and call `next` again: the id and the
   * time are fixed before, so that calling it twice stores the event once.
   */
  readonly publish?: (next: Publish) => Publish;
  /** Wraps each attempt to handle an event. What it throws is the attempt's failure. */
  readonly handle?: (next: Handle) => Handle;
}

/** A function that publishes one event. */
export type Publish = (call: PublishCall) => Promise<PublishResult>;

/** An event to publish, as interceptors see it. */
export interface PublishCall {
  readonly method: EventMethod;
  readonly message: Message;
  /** The options of the publish, with the id and the time that the event has, given or not. */
  readonly options: PublishOptions & Required<Pick<PublishOptions, "id" | "time">>;
}

/** A function that handles one event. */
export type Handle = (call: HandleCall) => Promise<void>;

/** An event to handle, as interceptors see it. */
export interface HandleCall {
  readonly method: EventMethod;
  readonly message: Message;
  readonly delivery: Delivery;
}

type AsyncFunction<C, R> = (call: C) => Promise<R>;

/**
 * Wraps a function in parts of interceptors, of which the first is outermost. Every function of the chain
 * returns a promise, also when it throws; a rejection that an interceptor drops ends no process.
 */
export function chain<C, R>(
  inner: AsyncFunction<C, R>,
  parts: readonly ((next: AsyncFunction<C, R>) => AsyncFunction<C, R>)[],
): AsyncFunction<C, R> {
  return parts.reduceRight((next, wrap) => guard(wrap(next)), guard(inner));
}

function guard<C, R>(wrapped: AsyncFunction<C, R>): AsyncFunction<C, R> {
  const call = async (given: C) => await wrapped(given);
  return (given) => {
    const result = call(given);
    result.catch(() => {});
    return result;
  };
}

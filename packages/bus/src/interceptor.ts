import type { Message } from "@bufbuild/protobuf";
import type { Delivery } from "./consume/delivery.ts";
import type { EventMethod } from "./event-method.ts";
import type { PublishOptions } from "./publish/publish-options.ts";
import type { PublishResult } from "./publish/publish-result.ts";

/**
 * Interceptor stands around what a bus does, as Connect's do: each part takes what comes next and
 * returns what is called in its place. Of several the first is outermost.
 */
export interface Interceptor {
  readonly publish?: (next: Publish) => Publish;
  /** What it throws is the handler's failure. It may be called again for the same delivery. */
  readonly handle?: (next: Handle) => Handle;
}

export type Publish = (call: PublishCall) => Promise<PublishResult>;

export interface PublishCall {
  readonly method: EventMethod;
  readonly message: Message;
  readonly options: PublishOptions;
}

export type Handle = (call: HandleCall) => Promise<void>;

export interface HandleCall {
  readonly method: EventMethod;
  readonly message: Message;
  readonly delivery: Delivery;
}

/** chain puts interceptors, of which the first is outermost, around a function. */
export function chain<F>(inner: F, around: readonly ((next: F) => F)[]): F {
  return around.reduceRight((next, wrap) => wrap(next), inner);
}
